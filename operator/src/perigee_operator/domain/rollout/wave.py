"""Which satellites may run the candidate: all that the steps so far have let in.

A wave only grows. A selector lets in all that have its labels, a count or a percentage whoever is
missing to that number.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from perigee_api import names
from perigee_api.inference_model import Rollout, RolloutStatus, Step
from perigee_api.placement import LabelSelector, SpreadBy
from perigee_api.wave import Wave, WaveOrder
from perigee_operator.domain.placement.choice import choose
from perigee_operator.domain.placement.eligibility import matches
from perigee_operator.domain.rollout.nearness import FURTHEST, TOLD_TO_FETCH
from perigee_operator.domain.satellite import Satellite


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a rollout has come in its steps."""

    steps: tuple[Step, ...]
    index: int
    """Of the step under way; past the last one the candidate reaches its full number.

    Only a step that was passed leads there: where the steps were made fewer on the way, the last
    one of them is under way.
    """

    @property
    def step(self) -> Step | None:
        """The step under way; None past the last one."""
        return self.steps[self.index] if self.index < len(self.steps) else None

    @property
    def weight(self) -> int:
        """The candidate's share of ground requests, %: what the last `weight` said."""
        said = [step.weight for step in self.begun if step.weight is not None]
        return said[-1] if said else 0

    @property
    def begun(self) -> tuple[Step, ...]:
        """The steps that have passed, and the one under way."""
        return self.steps[: self.index + 1]

    @property
    def wider(self) -> "tuple[Stage, ...]":
        """The stages to come that may let in more satellites, in their order."""
        steps = range(self.index + 1, len(self.steps) + 1)
        stages = [Stage(self.steps, index) for index in steps]
        return tuple(each for each in stages if each.step is None or each.step.widens)

    @property
    def lets_in_by_nearness(self) -> bool:
        """Whether no step so far says who comes first, or who else: then those that are nearest."""
        waves = [step.wave for step in self.begun if step.wave is not None]
        return not any(
            _selects(wave) or wave.first or wave.order is WaveOrder.PLANE for wave in waves
        )

    def selects_nobody(self, eligible: Iterable[Satellite]) -> bool:
        """Whether the step under way selects by labels that none of these satellites has."""
        wave = self.step.wave if self.step is not None else None
        return _selects(wave) and not any(_is_selected(wave, each) for each in eligible)


def stage_of(rollout: Rollout, status: RolloutStatus) -> Stage:
    """The stage of a rollout; one that goes directly has no steps."""
    steps = () if status.direct else tuple(rollout.steps)
    past = status.direct or status.all_passed
    return Stage(steps, len(steps) if past else min(status.step, max(0, len(steps) - 1)))


def share(percent: float, whole: int) -> int:
    """Satellites or Pods that make up a share: rounded down, one at least unless it is nothing."""
    if percent <= 0 or whole == 0:
        return 0
    return max(1, math.floor(whole * percent / 100))


def wave_satellites(  # noqa: PLR0913 - what it depends on
    eligible: Sequence[Satellite],
    copies: int,
    stage: Stage,
    *,
    rank: Callable[[Satellite], int],
    spread_by: SpreadBy,
    begin: str = "",
) -> tuple[Satellite, ...]:
    """The satellites that may run the candidate.

    Args:
        eligible: satellites that may get copies of the model.
        copies: how many copies the model wants in full.
        stage: how far the rollout has come.
        rank: the lower, the rather a satellite is in the wave.
        spread_by: over what the wave is spread.
        begin: name of the satellite with which the model begins to choose.
    """
    if stage.step is None:
        return choose(eligible, copies, rank=rank, spread_by=spread_by, begin=begin)
    ranks = {satellite.name: rank(satellite) for satellite in eligible}

    def known(satellite: Satellite) -> int:
        return ranks[satellite.name]

    admissions = tuple(_admissions(stage.begun, copies))
    members: tuple[Satellite, ...] = ()
    for index, admission in enumerate(admissions):
        missing = admission.least - len(members) if admission.selector is None else copies
        if missing <= 0:
            continue
        later = [each.selector for each in admissions[index + 1 :] if each.selector is not None]
        present = {satellite.name for satellite in members}
        members += choose(
            [s for s in eligible if s.name not in present and admission.lets_in(s)],
            missing,
            rank=_ordered(admission.wave, eligible, _staying(known, later)),
            spread_by=_spread(admission.wave, spread_by),
            beside=members,
            begin=begin,
        )
    return _first(members, copies, known)


@dataclass(frozen=True, slots=True)
class _Admission:
    """Whom a step lets into the wave."""

    wave: Wave | None
    """In whose order: that of the last one; None before the first."""
    least: int = 0
    """So many satellites, those before included."""
    selector: LabelSelector | None = None
    """All that have these labels, beside those before."""

    def lets_in(self, satellite: Satellite) -> bool:
        """Whether a satellite may come in by this step."""
        return self.selector is None or matches(satellite.node.labels, self.selector)


def _admissions(steps: Iterable[Step], copies: int) -> Iterator[_Admission]:
    """What each step asks for.

    A weight brings the copies with it that it takes, unless a selector said before it where they
    are to be. Before the first wave there is one satellite.
    """
    wave: Wave | None = None
    for step in steps:
        wave = step.wave or wave
        if step.wave is not None and _selects(step.wave):
            yield _Admission(wave, selector=step.wave.selector or {})
        elif step.wave is not None:
            percent = float(step.wave.percent or 0)
            yield _Admission(wave, min(copies, step.wave.count or share(percent, copies)))
        elif not _selects(wave):
            yield _Admission(wave, min(copies, max(1, share(step.weight or 0, copies))))


def _selects(wave: Wave | None) -> bool:
    """Whether a wave is given by labels; one that says nothing takes all."""
    return wave is not None and wave.count is None and wave.percent is None


def _is_selected(wave: Wave | None, satellite: Satellite) -> bool:
    return wave is not None and matches(satellite.node.labels, wave.selector or {})


def _staying(
    rank: Callable[[Satellite], int], later: Sequence[LabelSelector]
) -> Callable[[Satellite], int]:
    """The ranks, with those first that have begun and stay only if they are chosen here.

    Others that have begun are in the wave by a later selector: they count, but make nobody go.
    """
    if not later:
        return rank

    def staying(satellite: Satellite) -> int:
        nearness = rank(satellite)
        selected = any(matches(satellite.node.labels, selector) for selector in later)
        return nearness - FURTHEST if nearness <= TOLD_TO_FETCH and not selected else nearness

    return staying


def _first(
    members: tuple[Satellite, ...], copies: int, rank: Callable[[Satellite], int]
) -> tuple[Satellite, ...]:
    """As many as the model wants: who has begun, then who came in first."""
    if len(members) <= copies:
        return members
    return tuple(sorted(members, key=lambda s: min(rank(s), TOLD_TO_FETCH + 1))[:copies])


def _spread(wave: Wave | None, spread_by: SpreadBy) -> SpreadBy:
    by_plane = wave is not None and wave.order is WaveOrder.PLANE
    return SpreadBy.SATELLITE if by_plane else spread_by


def _ordered(
    wave: Wave | None, satellites: Sequence[Satellite], rank: Callable[[Satellite], int]
) -> Callable[[Satellite], int]:
    """The ranks with the wave's own order: who is in it already stays, whatever the order."""
    if wave is None:
        return rank
    begun = {_plane(s) for s in satellites if rank(s) <= TOLD_TO_FETCH}
    planes = sorted({_plane(s) for s in satellites}, key=lambda plane: (plane not in begun, plane))
    turns = {plane: turn for turn, plane in enumerate(planes)}

    def ordered(satellite: Satellite) -> int:
        nearness = rank(satellite)
        if nearness <= TOLD_TO_FETCH:
            return nearness
        canary = wave.first is not None and matches(satellite.node.labels, wave.first)
        turn = turns[_plane(satellite)] if wave.order is WaveOrder.PLANE else 0
        return nearness + FURTHEST * (turn + (0 if canary or not wave.first else len(turns)))

    return ordered


def _plane(satellite: Satellite) -> str:
    return satellite.node.labels.get(names.PLANE_LABEL, "")
