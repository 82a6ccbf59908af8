"""One revision in the place of another on a satellite that is not to have both at once.

Forwards to a candidate and back to the stable revision alike: once all files are on board, and the
satellite is in contact, what serves there is asked no more, ends when nobody can be led to it, and
the other starts in its place. A swap is recorded before anything follows from it, and what is
recorded is gone on with whatever comes up, unless the copy that gives way is still there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from perigee_api.inference_model import RolloutStrategy, Swap
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.spare import Spare, spare
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import EventType

SWAP_S: Final = 30.0
"""So much of a contact has to be left when a copy that serves is withdrawn: about what it takes to
end it and to start a small model. What takes longer goes on at the next pass."""


@dataclass(frozen=True, slots=True)
class Swapping:
    """What becomes of a model's swaps."""

    records: tuple[Swap, ...] = ()
    """From now on."""
    effective: tuple[Swap, ...] = ()
    """What was recorded before, and is not given up: effects follow from it."""
    waits: Mapping[str, str] = field(default_factory=dict)
    """By Node, where a copy is to give way and may not yet: why, in a sentence."""
    in_turn: frozenset[str] = frozenset()
    """Of these Nodes those that have all files on board: it is not theirs to begin."""
    notes: tuple[Note, ...] = ()

    @property
    def due(self) -> frozenset[str]:
        """Nodes on which what is there serves on until it is its turn to give way."""
        return frozenset(self.waits)


NONE: Final = Swapping()


def swapping(
    situation: Situation, state: RolloutState, wave: Iterable[Satellite], now: datetime
) -> Swapping:
    """The swaps as they are recorded, gone on with, and begun now.

    Args:
        situation: the model, with what was recorded before.
        state: of its rollouts.
        wave: satellites that may run the candidate.
        now: the moment.
    """
    rollout = situation.spec.rollout
    if not situation.swaps and rollout.placing is RolloutStrategy.SIDE_BY_SIDE:
        return NONE
    if situation.wants_none or state.stable is state.candidate is None:
        return NONE
    return _Look(situation, state, tuple(wave), now).swapping()


def _is_out(swap: Swap) -> bool:
    """Whether a copy that served has given way, and none serves in its place yet."""
    return swap.served and swap.ended is None


class _Look:
    """One look at the swaps of a model: what is found, piece by piece."""

    def __init__(
        self, situation: Situation, state: RolloutState, wave: tuple[Satellite, ...], now: datetime
    ) -> None:
        self._situation, self._state, self._now = situation, state, now
        self._moment = now.replace(microsecond=0)
        self._boards = situation.boards
        self._wave = wave
        self._in_wave = {satellite.node.name for satellite in wave}
        staying = (p for p in situation.model.pods if not self._boards.is_withdrawn(p))
        self._spare = spare(situation, staying)
        self._records: list[Swap] = []
        self._kept: list[Swap] = []
        self._waits: dict[str, str] = {}
        self._in_turn: set[str] = set()
        self._notes: list[Note] = []

    def swapping(self) -> Swapping:
        """The outcome."""
        eligible = {satellite.name: satellite for satellite in self._situation.eligible}
        due: list[tuple[Satellite, str, Swap | None]] = []
        for recorded in self._situation.swaps:
            satellite = eligible.get(recorded.satellite)
            if satellite is not None and (found := self._gone_on(recorded, satellite)) is not None:
                due.append((satellite, found, recorded))
        due += [(satellite, revision, None) for satellite, revision in self._new()]
        going_on = [*self._records, *(swap for _, _, swap in due if swap is not None)]
        self._spare = replace(self._spare, swapping=sum(map(_is_out, going_on)))
        # Where nothing serves nothing is lost: those take nobody's turn.
        for satellite, revision, swap in sorted(due, key=lambda each: self._serves(each[0])):
            self._begun_or_waited_for(satellite, revision, swap)
        return Swapping(
            tuple(sorted(self._records, key=lambda swap: swap.satellite)),
            tuple(self._kept),
            self._waits,
            frozenset(self._in_turn),
            tuple(self._notes),
        )

    def _target(self, satellite: Satellite) -> str | None:
        """The revision that is to be there."""
        in_wave = satellite.node.name in self._in_wave
        return self._state.candidate if in_wave else self._state.stable

    def _gone_on(self, swap: Swap, satellite: Satellite) -> str | None:
        """Goes on with a swap, gives it up, or tells which revision is to come instead."""
        node, target = satellite.node.name, self._target(satellite)
        if target is None:
            return None
        there = [pod for pod in self._pods(satellite) if pod.revision == target]
        others = self._boards.others(node, target)
        if target == swap.revision:
            self._gone_on_with(swap, satellite, there, others)
            return None
        if any(not pod.deleting for pod in there):
            self._note("SwapGivenUp", f"Revision {target} stays on {satellite.name}.", target)
            return None
        if others and target == self._state.stable and self._missing(beside=node) <= 0:
            # What is there ends as any copy from before does.
            return None
        if others:
            return target
        if target == self._state.candidate:
            served = _is_out(swap)
            instead = Swap(
                satellite=swap.satellite, revision=target, began=self._moment, served=served
            )
            self._keep(swap, instead)
        return None

    def _gone_on_with(
        self,
        swap: Swap,
        satellite: Satellite,
        there: list[PodView],
        others: tuple[PodView, ...],
    ) -> None:
        back = swap.revision == self._state.stable
        every = self._situation.spec.placement.every_satellite
        if others:
            self._keep_unless_last(swap, others)
            return
        verified = any(pod.verified and not pod.deleting for pod in there)
        if verified and swap.ended is None:
            lasted_s = (self._now - swap.began).total_seconds()
            told = (
                f"Revision {swap.revision} is verified on {satellite.name} after {lasted_s:.0f} s."
            )
            self._note("SwapEnded", told, swap.revision)
            swap = swap.model_copy(update={"ended": self._moment})
        over = (verified or not every) if back else (verified and every)
        if not over:
            self._keep(swap, swap)

    def _keep_unless_last(self, swap: Swap, others: tuple[PodView, ...]) -> None:
        """It goes on, with those that give way, unless nothing else serves any more."""
        if not self._would_be_last(others):
            self._keep(swap, swap)
            return
        told = f"Nothing else serves: what is on {swap.satellite} goes on serving."
        self._note("SwapGivenUp", told, swap.revision)

    def _would_be_last(self, others: tuple[PodView, ...]) -> bool:
        """Whether nothing serves any more, and one could that is still there."""
        if self._spare.serving or self._spare.last_may_go:
            return False
        return any(pod.verified and not pod.deleting for pod in others)

    def _new(self) -> Iterable[tuple[Satellite, str]]:
        """Satellites on which others have to give way, and to what."""
        missing = self._missing()
        for satellite in self._situation.eligible if missing > 0 else self._wave:
            node, revision = satellite.node.name, self._target(satellite)
            if revision is None or node in self._boards.swaps:
                continue
            others = self._boards.others(node, revision)
            is_there = len(others) < len(self._pods(satellite))
            if is_there or all(pod.deleting for pod in others):
                continue
            wanted = self._situation.requests(revision)
            if not self._boards.may_give_way(wanted, satellite):
                continue
            if node not in self._in_wave:
                missing -= 1
                if missing < 0:
                    continue
            yield satellite, revision

    def _missing(self, beside: str = "") -> int:
        """Satellites that the stable revision may still come to in others' place, this one too."""
        eligible = self._situation.eligible
        if self._situation.spec.placement.every_satellite:
            return len(eligible)
        placed = self._situation.nodes_with(self._state.stable or "")
        return self._situation.copies - len((placed | self._boards.swaps.keys()) - {beside})

    def _begun_or_waited_for(
        self, satellite: Satellite, revision: str, instead_of: Swap | None
    ) -> None:
        node, serves = satellite.node.name, self._serves(satellite)
        files = self._situation.revisions[revision].artifacts
        ready = all(satellite.holds(file.sha256) for file in files)
        was_out = instead_of is not None and _is_out(instead_of)
        # It has its turn.
        beside = replace(self._spare, swapping=self._spare.swapping - was_out)
        why = self._held(revision) or (self._hindrance(satellite, beside) if serves else None)
        others = self._boards.others(node, revision)
        if why is None and not serves and self._would_be_last(others):
            why = "nothing else serves"
        if why is None and ready:
            swap = Swap(
                satellite=satellite.name,
                revision=revision,
                began=self._moment,
                served=serves or was_out,
            )
            self._keep(instead_of, swap)
            self._announce(satellite, revision, beside if serves else None)
            if serves:
                self._spare = beside.one_less()
            return
        if instead_of is not None:
            self._keep_unless_last(instead_of, others)
        if ready:
            self._in_turn.add(node)
        told = why or "its files are not on board yet"
        self._waits[node] = f"{satellite.name} waits to swap in place: {told}"

    def _held(self, revision: str) -> str | None:
        """Why no place is taken now; the way back waits for nothing."""
        rollout = self._state.rollout
        if rollout is None or revision != rollout.candidate:
            return None
        if self._situation.spec.paused or rollout.held:
            return "the rollout is paused"
        return self._situation.clearance.on(self._state).hold

    def _hindrance(self, satellite: Satellite, beside: Spare) -> str | None:
        """Why what serves there may not be withdrawn now."""
        if not satellite.reachable:
            return f"it is {satellite.phase.value}"
        if not satellite.routed:
            return "clients on board may not yet be led by what the ground says"
        if not self._has_time(satellite):
            return f"the contact lasts for less than {SWAP_S:.0f} s"
        return beside.hindrance

    def _has_time(self, satellite: Satellite) -> bool:
        now = self._now
        if satellite.contacts.current(now) is None:
            # It is heard outside of its plan, or has none.
            return True
        return satellite.contact_s(now, now + timedelta(seconds=SWAP_S)) >= SWAP_S

    def _pods(self, satellite: Satellite) -> tuple[PodView, ...]:
        return self._boards.pods.get(satellite.node.name, ())

    def _serves(self, satellite: Satellite) -> bool:
        return any(p.serves and p.verified and not p.deleting for p in self._pods(satellite))

    def _keep(self, before: Swap | None, record: Swap) -> None:
        self._records.append(record)
        if before is not None:
            self._kept.append(before)

    def _announce(self, satellite: Satellite, revision: str, beside: Spare | None) -> None:
        """Tells of a swap that begins; of one that takes a copy out, what the model can spare."""
        told = f"Revision {revision} takes the place of what {satellite.name} has"
        if beside is not None:
            told += (
                ": the model is asked no more there, on board neither, until it is verified. "
                f"With it {beside.out + 1} of {beside.could_serve} satellites do not "
                f"serve; maxUnavailable is {beside.limit}"
            )
        self._note("SwapBegins", f"{told}.", revision)

    def _note(self, reason: str, message: str, revision: str) -> None:
        self._notes.append(Note(EventType.NORMAL, reason, "Rollout", message, revision))
