"""The move of a copy to another satellite for the sake of `keepInReach`: one at a time, recorded.

The other copy serves before the one that was there ends. Whatever else comes up goes first: a move
that has begun is given up then, and the copy stays where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from perigee_api.copy_move import CopyMove
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.placement.exchange import (
    exchanged,
    gained_s,
    is_foreseen,
    is_never_behind,
)
from perigee_operator.domain.rollout.next_move import (
    OVERDUE,
    all_serve,
    beginning,
    hosts,
    note_of,
    standing_hindrance,
)
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Shift, Situation
from perigee_operator.domain.satellite import Satellite


@dataclass(frozen=True, slots=True)
class Moving:
    """What becomes of a model's move."""

    record: CopyMove | None
    """Of the one under way, or the last."""
    notes: tuple[Note, ...] = ()
    shift: Shift | None = None
    """What follows from what was recorded before."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    record: CopyMove
    giver: Satellite
    receiver: Satellite
    staying: tuple[PodView, ...]
    """The model's Pods, but for the one that goes and the one that comes."""

    @property
    def shift(self) -> Shift:
        handed_over = self.record.handed_over is not None
        return Shift(self.giver.node.name, self.receiver.node.name, handed_over)


def moving(situation: Situation, state: RolloutState, now: datetime) -> Moving:
    """A move as it is recorded, and begun, handed over, ended or given up now."""
    record = situation.model.status.move
    if record is None or record.ended is not None:
        begun = beginning(situation, state, record, now)
        return Moving(record) if begun is None else Moving(begun.move, (begun.note,))
    known = {s.name: s for s in situation.satellites.values()}
    giver, receiver = known.get(record.from_satellite), known.get(record.to_satellite)
    if giver is None or receiver is None:
        gone = record.from_satellite if giver is None else record.to_satellite
        return _given_up(record, f"{gone} is gone", state, now)
    beside = {giver.node.name, receiver.node.name, None}
    staying = tuple(pod for pod in situation.model.pods if pod.node not in beside)
    return _gone_on(situation, state, _UnderWay(record, giver, receiver, staying), now)


def _gone_on(situation: Situation, state: RolloutState, move: _UnderWay, now: datetime) -> Moving:
    record, giver, receiver = move.record, move.giver, move.receiver
    pods = {pod.node: pod for pod in situation.model.pods_of(state.stable or "")}
    if record.handed_over is not None and giver.node.name not in pods:
        over = record.model_copy(update={"ended": now.replace(microsecond=0)})
        told = f"The copy at {giver.name} has ended: {receiver.name} serves in its place."
        return Moving(over, (note_of("CopyMoved", told, state.stable),))
    trouble = _trouble(situation, state, move, now)
    if trouble is not None:
        return _given_up(record, trouble, state, now)
    arrived = pods.get(receiver.node.name)
    if record.handed_over is None and arrived is not None and arrived.verified and arrived.serves:
        return _handed_over(situation, state, move, now)
    return Moving(record, shift=move.shift)


def _trouble(
    situation: Situation, state: RolloutState, move: _UnderWay, now: datetime
) -> str | None:
    """Why a move that has begun is given up; None while it goes on."""
    standing = standing_hindrance(situation, state)
    if standing is not None:
        return standing
    suited = {satellite.name for satellite in situation.eligible}
    for satellite in (move.giver, move.receiver):
        if satellite.name not in suited:
            return f"{satellite.name} may run no copy of it any more"
    if not all_serve(situation, state, move.staying, situation.copies - 1):
        return "the other copies are not as they were"
    if move.record.handed_over is not None:
        return None
    going = [pod for pod in situation.model.pods if pod.node == move.giver.node.name]
    if not all_serve(situation, state, going, 1):
        return f"the copy at {move.giver.name} is not as it was"
    late = now >= move.record.started + OVERDUE
    return f"no copy came to serve at {move.receiver.name} within a day" if late else None


def _handed_over(
    situation: Situation, state: RolloutState, move: _UnderWay, now: datetime
) -> Moving:
    """The other copy serves: this one may go from a moment on from which that is never worse."""
    others, wanted = hosts(situation, move.staying), situation.spec.placement.keep_in_reach or 0
    serving = (*others, move.giver)
    stands = Moving(move.record, shift=move.shift)
    if not all(s.settled and is_foreseen(s, now) for s in (*serving, move.receiver)):
        return stands
    before = [satellite.contacts for satellite in serving]
    after = exchanged(serving, move.giver, move.receiver)
    if gained_s(before, after, wanted, now) <= 0:
        return _given_up(move.record, "that would gain nothing any more", state, now)
    if _is_needed(move.giver, (*others, move.receiver), wanted):
        return stands
    if not is_never_behind(before, after, wanted, now):
        return stands
    record = move.record.model_copy(update={"handed_over": now.replace(microsecond=0)})
    return Moving(record, shift=move.shift)


def _is_needed(giver: Satellite, others: Sequence[Satellite], wanted: int) -> bool:
    """Whether it is in contact, whatever is planned, and too few of the others are."""
    return giver.reachable and sum(satellite.reachable for satellite in others) < wanted


def _given_up(record: CopyMove, why: str, state: RolloutState, now: datetime) -> Moving:
    over = record.model_copy(update={"ended": now.replace(microsecond=0), "given_up": why})
    told = f"The copy at {record.from_satellite} does not go to {record.to_satellite}: {why}."
    return Moving(over, (note_of("CopyStays", told, state.stable),))
