"""What verdicts cost: copies that do not serve, and copies that move."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

import numpy as np
import pytest

from perigee_operator.domain.orbit.arrays import Floats
from perigee_operator.simulation.copies import Service, service
from perigee_operator.simulation.mishaps import Mishaps
from perigee_operator.simulation.placing import ByScheduler, Place, Placer, Presence
from perigee_operator.simulation.readiness import ByPerigee
from perigee_operator.simulation.scenario import HOUR_S, Scenario
from perigee_operator.simulation.signals import Runs, Signals
from perigee_operator.simulation.spans import Gap, Spans
from perigee_operator.simulation.truth import NO_STATION, Truth
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
    ) -> Place | None:
        del model
        free = (Place(n, at_s) for n in range(5) if n not in hosts and n not in given_up)
        return next(free, None)

    def noted(
        self,
        satellite: int,
        hosts: Mapping[int, AbstractSet[int]],
        given_up: Collection[int],
        at_s: float,
    ) -> None:
        pass


def always_heard(first_s: float = 0) -> Runs:
    whole: Floats = np.array([first_s])
    return Runs(whole, np.array([90_000.0]), np.array([2]), whole, whole)


def fared(*verdicts: Verdict, deaths: dict[int, float], adopts: bool = True) -> tuple[int, int]:
    """Copies moved, and copy-minutes short."""
    found = served(*verdicts, deaths=deaths, adopts=adopts)
    return found.moves, round(60 * found.short_copy_h)


def served(
    *verdicts: Verdict,
    deaths: dict[int, float],
    adopts: bool = True,
    reboots: dict[int, Gap] | None = None,
) -> Service:
    known = reboots or {}
    of_each = tuple((known[n],) if n in known else () for n in range(5))
    mishaps = Mishaps(deaths, of_each, (), None)
    truth = Truth(SCENARIO, (), (), (), mishaps)
    presence = Presence(Signals(0, (always_heard(),) * 5))
    placer: Placer = InTurn(adopts=adopts)
    return service(truth, Outcome("x", verdicts), placer, presence)


def test_where_nothing_happens_nothing_is_short() -> None:
    assert fared(deaths={}) == (0, 0)


def test_a_death_leaves_a_gap_until_the_stand_in_serves() -> None:
    # An hour until the verdict, ten minutes until the new copy serves.
    assert fared(Verdict(0, 2 * HOUR_S), deaths={0: HOUR_S}) == (1, 70)


def test_what_is_short_is_told_hour_by_hour() -> None:
    # Both copies from a quarter past one and half past one on, until ten minutes after the verdict.
    deaths = {0: 1.25 * HOUR_S, 1: 1.5 * HOUR_S}
    found = served(Verdict(0, 2.5 * HOUR_S), Verdict(1, 2.75 * HOUR_S), deaths=deaths)
    served_again = (2.5 + 1 / 6, 2.75 + 1 / 6)
    expected = [0.0, 0.75 + 0.5, sum(served_again) - 4] + [0.0] * 21
    assert found.short_by_hour == pytest.approx(expected)
    assert found.short_copy_h == pytest.approx(sum(expected))


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


def test_the_stand_in_of_one_that_rebooted_stays_if_it_serves() -> None:
    reboots = {0: (0.9 * HOUR_S, 1.9 * HOUR_S)}
    false = Verdict(0, HOUR_S, 2 * HOUR_S)
    assert served(false, deaths={0: 3 * HOUR_S}, reboots=reboots).short_copy_h == 0
    assert served(false, deaths={2: 3 * HOUR_S}, reboots=reboots).short_copy_h == 21
    # The stand-in would have served after ten minutes.
    soon = Verdict(0, HOUR_S, 1.1 * HOUR_S)
    reboots = {0: (0.9 * HOUR_S, 1.05 * HOUR_S)}
    assert served(soon, deaths={2: 3 * HOUR_S}, reboots=reboots).short_copy_h == 0


def test_of_too_many_the_youngest_ends_whomever_it_stands_in_for() -> None:
    both = (Verdict(0, HOUR_S, 3 * HOUR_S), Verdict(1, 2 * HOUR_S))
    for last, short_h in ((3, 0), (2, 20)):
        deaths = {1: 1.5 * HOUR_S, last: 4 * HOUR_S}
        assert served(*both, deaths=deaths).short_copy_h == short_h


def test_nothing_ends_where_nobody_could_stand_in() -> None:
    lost = [Verdict(n, n * HOUR_S) for n in (2, 3, 4)]
    found = served(*lost, Verdict(0, 5 * HOUR_S, 6 * HOUR_S), deaths={1: 7 * HOUR_S})
    assert (found.moves, found.short_copy_h) == (0, 17)


def test_a_stand_in_on_a_satellite_that_dies_is_replaced_itself() -> None:
    found = fared(Verdict(0, 2 * HOUR_S), Verdict(2, 5 * HOUR_S), deaths={0: HOUR_S, 2: 4 * HOUR_S})
    assert found == (2, 140)


def test_more_than_there_are_satellites_cannot_serve() -> None:
    verdicts = [Verdict(n, HOUR_S) for n in range(5)]
    assert fared(*verdicts, deaths={})[1] == 0


def world_of(scenario: Scenario) -> Truth:
    always = Spans(np.zeros(1), np.array([scenario.end_s]), np.array([NO_STATION]))
    return Truth(scenario, (), (), (always,) * scenario.satellites, Mishaps({}, (), (), None))


def test_perigee_takes_one_in_readiness_that_is_heard_first() -> None:
    scenario = Scenario(satellites=8, sites_share=1, replicas=2)
    # One of two copies is wanted anew: three satellites keep the artifact.
    runs = [always_heard(first_s) for first_s in (0, 0, 700, 0, 0, 0, 0, 0)]
    placer = ByPerigee(world_of(scenario), Presence(Signals(0, tuple(runs))))
    assert placer.first(0) == (0, 1)
    placer.noted(0, {0: {0, 1}}, {0}, 100)
    assert placer.next(0, {0, 1}, {0}, 100) == Place(2, 700)
    assert placer.next(0, set(range(8)), {0}, 100) is None


def test_a_scheduler_takes_one_that_is_ready() -> None:
    scenario = Scenario(satellites=4, sites_share=1, replicas=2)
    runs = tuple(always_heard(first_s) for first_s in (0, 0, 500, 0))
    placer = ByScheduler(scenario, Presence(Signals(0, runs)), np.random.default_rng(1))
    assert len(set(placer.first(0))) == 2
    assert placer.next(0, {0, 1}, {0}, 100) == Place(3, 100)
    assert placer.next(0, {0, 1, 3}, {0}, 100) == Place(2, 500)
    assert placer.next(0, {0, 1, 2, 3}, {0}, 100) is None
