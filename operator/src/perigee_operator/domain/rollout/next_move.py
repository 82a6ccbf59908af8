"""When the move of a copy may begin for the sake of `keepInReach`, and of which one.

Only where all of a model's copies surely serve and nothing else is under way, and only by contact
plans that are known and have not been seen to err.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from perigee_api.copy_move import CopyMove
from perigee_api.inference_model import FailoverPolicy, ModelPhase
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.placement.choice import choose
from perigee_operator.domain.placement.exchange import best_exchange, is_foreseen
from perigee_operator.domain.placement.reach import HORIZON, MINUTE
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.refusal import refusing_nodes
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import EventType

REST: Final = timedelta(hours=1)
"""From the end of a move to the next: a model has 24 a day at the very most, and each is told."""
OVERDUE: Final = HORIZON
"""After so long nothing is left of what a move was to gain: it is given up."""
TURN: Final = timedelta(minutes=10)
"""So often a better arrangement is looked for, for a minute, which differs from model to model."""
MOST_CANDIDATES: Final = 100
"""So many satellites are looked at in a turn, the others in turns to come: about 50 ms."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A move that begins."""

    move: CopyMove
    note: Note


def beginning(
    situation: Situation, state: RolloutState, last: CopyMove | None, now: datetime
) -> Beginning | None:
    """The move that begins now, if one does.

    Args:
        situation: the model, which has no move under way.
        state: of its rollouts.
        last: the move before.
        now: the moment.
    """
    wanted = situation.spec.placement.keep_in_reach
    rests = last is not None and last.ended is not None and now < last.ended + REST
    if not wanted or rests or not _is_turn(situation.model.uid, now):
        return None
    if state.stable is None or hindrance(situation, state, now) is not None:
        return None
    candidates = _candidates(situation, state.stable, last, now)
    found = best_exchange(hosts(situation, situation.model.pods), candidates, wanted, now)
    if found is None:
        return None
    move = CopyMove(
        from_satellite=found.giver.name,
        to_satellite=found.receiver.name,
        gain=int(found.gain_s),
        started=now.replace(microsecond=0),
    )
    told = (
        f"A copy goes from {move.from_satellite} to {move.to_satellite}, and ends where it was "
        f"once the other serves: fewer than {wanted} satellites that serve the model are in "
        f"contact for {move.gain} s less of {HORIZON // timedelta(hours=1)} hours then."
    )
    return Beginning(move, note_of("CopyMoves", told, state.stable))


def hindrance(situation: Situation, state: RolloutState, now: datetime) -> str | None:
    """Why no move may begin now, whatever it would gain; None if one may."""
    if (standing := standing_hindrance(situation, state)) is not None:
        return standing
    if situation.spec.paused:
        return "spec.paused is set"
    return situation.clearance.hold or _unsteadiness(situation, state, now)


def standing_hindrance(situation: Situation, state: RolloutState) -> str | None:
    """Why no move may begin, and one that has begun may not go on."""
    if not situation.spec.placement.keep_in_reach:
        return "keepInReach is not asked for"
    if situation.spec.failover.policy is FailoverPolicy.NONE:
        return "failover.policy is None"
    if state.rollout is not None:
        return "a rollout is under way"
    phase = situation.model.status.phase
    return None if phase is ModelPhase.HEALTHY else f"the model is {phase.value}"


def all_serve(
    situation: Situation, state: RolloutState, pods: Sequence[PodView], copies: int
) -> bool:
    """Whether these are so many copies of the stable revision that serve where they may."""
    able = {satellite.node.name for satellite in hosts(situation, pods) if satellite.usable}
    return len(pods) == copies and all(
        pod.revision == state.stable
        and pod.verified
        and pod.serves
        and not pod.deleting
        and pod.node in able
        for pod in pods
    )


def hosts(situation: Situation, pods: Iterable[PodView]) -> list[Satellite]:
    """The satellites that Pods are on, by name."""
    nodes = {pod.node for pod in pods if pod.node is not None}
    found = [situation.satellites[node] for node in nodes if node in situation.satellites]
    return sorted(found, key=lambda satellite: satellite.name)


def note_of(reason: str, message: str, revision: str | None) -> Note:
    """What is told of a move."""
    return Note(EventType.NORMAL, reason, "Arrange", message, revision or "")


def _unsteadiness(situation: Situation, state: RolloutState, now: datetime) -> str | None:
    """What of the copies, or of when they are in contact, is not sure; None if all is."""
    found = hosts(situation, situation.model.pods)
    unsure = [s.name for s in found if not s.settled]
    if unsure:
        return f"{', '.join(unsure[:5])} may not be well"
    if not all_serve(situation, state, situation.model.pods, situation.copies):
        return "copies come or go"
    unforeseen = [s.name for s in found if not is_foreseen(s, now)]
    if unforeseen:
        return f"when {', '.join(unforeseen[:5])} is in contact is not known for a day, or not sure"
    return None


def _candidates(
    situation: Situation, stable: str, last: CopyMove | None, now: datetime
) -> Sequence[Satellite]:
    """Whom a copy could go to, the best first."""
    pods = situation.model.pods
    shunned = {pod.node for pod in pods} | refusing_nodes(pods, stable)
    able = [
        s
        for s in situation.with_room(stable, _in_turn(situation.eligible, now))
        if s.node.name not in shunned and s.settled and s.reports and is_foreseen(s, now)
    ]
    if last is not None and _came_to_nothing(last, now):
        able = [s for s in able if s.name != last.to_satellite]
    rank, spread_by = situation.nearness(stable, None), situation.spec.placement.spread_by
    return choose(able, len(able), rank=rank, spread_by=spread_by, begin=situation.begin)


def _came_to_nothing(last: CopyMove, now: datetime) -> bool:
    """Whether no copy came up for a whole day where the last one was to go: others are tried."""
    if last.ended is None or not last.given_up:
        return False
    return last.ended >= last.started + OVERDUE and now < last.ended + HORIZON


def _in_turn(satellites: Sequence[Satellite], now: datetime) -> Sequence[Satellite]:
    """A part of a large fleet, another one in each turn."""
    parts = max(1, -(-len(satellites) // MOST_CANDIDATES))
    first = MOST_CANDIDATES * (_minute(now) // (TURN // MINUTE) % parts)
    return satellites[first : first + MOST_CANDIDATES]


def _is_turn(uid: str, now: datetime) -> bool:
    return (_minute(now) + crc32(uid.encode())) % (TURN // MINUTE) == 0


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
