"""What verdicts cost: copies that do not serve, and copies that move."""

from collections.abc import Collection

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats
from perigee_operator.simulation.copies import service
from perigee_operator.simulation.mishaps import Mishaps
from perigee_operator.simulation.placing import ByPerigee, ByScheduler, Placer, Presence
from perigee_operator.simulation.scenario import HOUR_S, Scenario
from perigee_operator.simulation.signals import Runs, Signals
from perigee_operator.simulation.truth import Truth
from perigee_operator.simulation.verdicts import Outcome, Verdict

SCENARIO = Scenario(
    satellites=5, sites_share=1, days=1, models=1, replicas=2, copy_start_s=(600, 600)
)


class InTurn:
    """Copies go to 0 and 1, and then to those with the next numbers."""

    def __init__(self, *, adopts: bool) -> None:
        self.adopts = adopts

    def first(self, model: int) -> tuple[int, ...]:
        return (2 * model, 2 * model + 1)

    def next(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> int | None:
        del model, at_s
        return next((n for n in range(5) if n not in hosts and n not in given_up), None)


def always_heard(first_s: float = 0) -> Runs:
    whole: Floats = np.array([first_s])
    return Runs(whole, np.array([90_000.0]), np.array([2]), whole, whole)


def fared(*verdicts: Verdict, deaths: dict[int, float], adopts: bool = True) -> tuple[int, int]:
    """Copies moved, and copy-minutes short."""
    mishaps = Mishaps(deaths, ((),) * 5, (), None)
    truth = Truth(SCENARIO, (), (), (), mishaps)
    presence = Presence(Signals(0, (always_heard(),) * 5))
    placer: Placer = InTurn(adopts=adopts)
    found = service(truth, Outcome("x", verdicts), placer, presence)
    return found.moves, round(60 * found.short_copy_h)


def test_where_nothing_happens_nothing_is_short() -> None:
    assert fared(deaths={}) == (0, 0)


def test_a_death_leaves_a_gap_until_the_stand_in_serves() -> None:
    # An hour until the verdict, ten minutes until the new copy serves.
    assert fared(Verdict(0, 2 * HOUR_S), deaths={0: HOUR_S}) == (1, 70)


def test_a_death_that_nobody_notices_leaves_it_to_the_end() -> None:
    assert fared(deaths={0: HOUR_S}) == (0, 1380)
    assert fared(deaths={4: HOUR_S}) == (0, 0)


def test_one_given_up_falsely_goes_on_serving() -> None:
    false = Verdict(0, HOUR_S, 2 * HOUR_S)
    assert fared(false, deaths={}) == (1, 0)
    assert fared(false, deaths={}, adopts=False) == (1, 0)


def test_who_returns_goes_on_with_what_it_carries_or_loses_it() -> None:
    # The stand-in on 2 dies after the return: it was ended, or is the only one.
    false = Verdict(0, HOUR_S, 2 * HOUR_S)
    assert fared(false, deaths={2: 3 * HOUR_S}) == (1, 0)
    assert fared(false, deaths={2: 3 * HOUR_S}, adopts=False) == (1, 1260)
    # The one that came back dies.
    assert fared(false, deaths={0: 3 * HOUR_S}) == (1, 1260)
    assert fared(false, deaths={0: 3 * HOUR_S}, adopts=False) == (1, 0)


def test_a_stand_in_on_a_satellite_that_dies_is_replaced_itself() -> None:
    found = fared(Verdict(0, 2 * HOUR_S), Verdict(2, 5 * HOUR_S), deaths={0: HOUR_S, 2: 4 * HOUR_S})
    assert found == (2, 140)


def test_more_than_there_are_satellites_cannot_serve() -> None:
    verdicts = [Verdict(n, HOUR_S) for n in range(5)]
    assert fared(*verdicts, deaths={})[1] == 0


def world_of(scenario: Scenario) -> Truth:
    return Truth(scenario, (), (), (), Mishaps({}, (), (), None))


def test_perigee_takes_one_in_readiness_that_is_heard_first() -> None:
    scenario = Scenario(satellites=8, sites_share=1, replicas=2)
    # One of two copies is wanted anew: three satellites keep the artifact.
    runs = [always_heard(first_s) for first_s in (0, 0, 700, 0, 0, 0, 0, 0)]
    placer = ByPerigee(world_of(scenario), Presence(Signals(0, tuple(runs))))
    assert placer.first(0) == (0, 1)
    assert placer.next(0, {0, 1}, {0}, 100) == 2
    assert placer.next(0, set(range(8)), {0}, 100) is None


def test_a_scheduler_takes_one_that_is_ready() -> None:
    scenario = Scenario(satellites=4, sites_share=1, replicas=2)
    runs = tuple(always_heard(first_s) for first_s in (0, 0, 500, 0))
    placer = ByScheduler(scenario, Presence(Signals(0, runs)), np.random.default_rng(1))
    assert len(set(placer.first(0))) == 2
    assert placer.next(0, {0, 1}, {0}, 100) == 3
    assert placer.next(0, {0, 1, 3}, {0}, 100) == 2
    assert placer.next(0, {0, 1, 2, 3}, {0}, 100) is None
