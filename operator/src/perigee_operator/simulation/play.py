"""A scenario, played by several policies over the same truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from perigee_operator.simulation import perigee, stock, tolerance
from perigee_operator.simulation.copies import service
from perigee_operator.simulation.figures import Bounds, Figures, bounds, figures
from perigee_operator.simulation.placing import ByScheduler, Placer, Presence
from perigee_operator.simulation.readiness import ByPerigee
from perigee_operator.simulation.scenario import DAY_S, Scenario
from perigee_operator.simulation.signals import Signals, signals
from perigee_operator.simulation.truth import Progress, Truth, truth
from perigee_operator.simulation.verdicts import Outcome

SHORT_TOLERANCE_S: Final = 600.0
_STREAM: Final = 6

Stage = Callable[[str], Progress]
"""Announces a piece of work, and says whom to tell how far it has come."""


class Policy(StrEnum):
    """Who decides."""

    PERIGEE = "perigee"
    KUBERNETES = "kubernetes"
    TEN_MINUTES = "10min"
    ONE_DAY = "24h"


@dataclass(frozen=True, slots=True)
class Results:
    """What came of it."""

    scenario: Scenario
    bounds: Bounds
    rows: tuple[Figures, ...]


def play(
    scenario: Scenario, losses: Sequence[float], policies: Sequence[Policy], stage: Stage
) -> Results:
    """Plays a scenario at several rates of loss, by several policies each."""
    world = truth(scenario, stage("orbits and passes"))
    rows: list[Figures] = []
    for loss in losses:
        heard = signals(world, loss)
        presence = Presence(heard)
        for policy in policies:
            progress = stage(f"{policy.value} at {loss:.0%} loss")
            outcome = decide(policy, world, heard, progress)
            fared = service(world, outcome, _placer(policy, world, presence), presence)
            rows.append(figures(world, outcome, loss, fared))
            progress(1.0)
    return Results(scenario, bounds(world), tuple(rows))


def decide(policy: Policy, world: Truth, heard: Signals, progress: Progress) -> Outcome:
    """What one policy makes of what is heard."""
    match policy:
        case Policy.PERIGEE:
            return perigee.outcome(world, heard, progress)
        case Policy.KUBERNETES:
            return stock.outcome(world, heard)
        case Policy.TEN_MINUTES:
            return tolerance.outcome("10 min of silence", world, heard, SHORT_TOLERANCE_S)
        case Policy.ONE_DAY:
            return tolerance.outcome("24 h of silence", world, heard, DAY_S)


def _placer(policy: Policy, world: Truth, presence: Presence) -> Placer:
    if policy is Policy.PERIGEE:
        return ByPerigee(world, presence)
    rng = np.random.default_rng([world.scenario.seed, _STREAM])
    return ByScheduler(world.scenario, presence, rng)
