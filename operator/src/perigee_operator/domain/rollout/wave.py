"""How many satellites may run the candidate, and which."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perigee_api import names
from perigee_api.inference_model import Rollout, RolloutStatus, Step
from perigee_api.placement import SpreadBy
from perigee_api.rollout import Wave, WaveOrder
from perigee_operator.domain.placement.choice import choose
from perigee_operator.domain.placement.eligibility import matches
from perigee_operator.domain.rollout.situation import FURTHEST, TOLD_TO_FETCH
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
        said = [step.weight for step in self._begun if step.weight is not None]
        return said[-1] if said else 0

    @property
    def _begun(self) -> tuple[Step, ...]:
        return self.steps[: self.index + 1]

    def wave_size(self, copies: int, matching: int) -> int:
        """Satellites that may run the candidate, of those that match.

        A weight brings the copies with it that it takes; before the first of either it is one.
        """
        if self.step is None:
            return copies
        sizes = [1, share(self.weight, copies)]
        for wave in (step.wave for step in self._begun if step.wave is not None):
            if wave.count is not None:
                sizes.append(wave.count)
            elif wave.percent is not None:
                sizes.append(share(wave.percent, copies))
            else:
                sizes.append(matching)
        return min(copies, max(sizes))

    @property
    def wave(self) -> Wave | None:
        """The last wave; None before the first, and past the last step."""
        waves = [step.wave for step in self._begun if step.wave is not None]
        return waves[-1] if waves and self.step is not None else None

    def selects(self, satellite: Satellite) -> bool:
        """Whether the last wave's selector, if it has one, lets a satellite in."""
        if self.wave is None or self.wave.selector is None:
            return True
        return matches(satellite.node.labels, self.wave.selector)


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


def wave_satellites(
    eligible: Sequence[Satellite],
    copies: int,
    stage: Stage,
    *,
    rank: Callable[[Satellite], int],
    spread_by: SpreadBy,
) -> tuple[Satellite, ...]:
    """The satellites that may run the candidate.

    Args:
        eligible: satellites that may get copies of the model.
        copies: how many copies the model wants in full.
        stage: how far the rollout has come.
        rank: the lower, the rather a satellite is in the wave.
        spread_by: over what the wave is spread.
    """
    matching = [s for s in eligible if stage.selects(s)]
    size = stage.wave_size(copies, len(matching))
    if stage.wave is None:
        return choose(matching, size, rank=rank, spread_by=spread_by)
    by_plane = stage.wave.order is WaveOrder.PLANE
    return choose(
        matching,
        size,
        rank=_ordered(stage.wave, matching, rank),
        spread_by=SpreadBy.SATELLITE if by_plane else spread_by,
    )


def _ordered(
    wave: Wave, satellites: Sequence[Satellite], rank: Callable[[Satellite], int]
) -> Callable[[Satellite], int]:
    """The ranks with the wave's own order: who is in it already stays, whatever the order."""
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
