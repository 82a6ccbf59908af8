"""200 satellites for 7 days, through the operator's own rules and those of stock Kubernetes."""

import numpy as np
import pytest

from perigee_operator.simulation import perigee, stock, tolerance
from perigee_operator.simulation.copies import Service, service
from perigee_operator.simulation.figures import counted_ends, detections, is_false
from perigee_operator.simulation.placing import ByScheduler, Presence
from perigee_operator.simulation.predictions import STALE_AFTER
from perigee_operator.simulation.readiness import ByPerigee
from perigee_operator.simulation.scenario import DAY_S, Scenario
from perigee_operator.simulation.signals import Signals, signals
from perigee_operator.simulation.truth import Truth, truth
from perigee_operator.simulation.verdicts import Outcome

SCENARIO = Scenario(satellites=200, days=7)
LOSS = 0.05


def nowhere(_: float) -> None:
    """Nobody wants to know how far it has come."""


@pytest.fixture(scope="module")
def world() -> Truth:
    return truth(SCENARIO, nowhere)


@pytest.fixture(scope="module")
def heard(world: Truth) -> Signals:
    return signals(world, LOSS)


@pytest.fixture(scope="module")
def perigees(world: Truth, heard: Signals) -> Outcome:
    return perigee.outcome(world, heard, nowhere)


@pytest.fixture(scope="module")
def stocks(world: Truth, heard: Signals) -> Outcome:
    return stock.outcome(world, heard)


def false_ones(world: Truth, outcome: Outcome) -> list[int]:
    return [each.satellite for each in outcome.verdicts if is_false(world, each)]


def test_nobody_who_flies_and_lives_is_given_up(world: Truth, perigees: Outcome) -> None:
    assert [n for n in false_ones(world, perigees) if not world.is_site(n)] == []


def test_a_site_that_lives_is_given_up_only_while_it_reboots(
    world: Truth, perigees: Outcome
) -> None:
    """What is silent in contact for longer than lostAfter is Lost, by definition."""
    for each in perigees.verdicts:
        if is_false(world, each):
            assert any(
                begins_s < each.at_s < ends_s + SCENARIO.link_up_s[1]
                and ends_s - begins_s + SCENARIO.link_up_s[1] > SCENARIO.lost_after_s
                for begins_s, ends_s in world.mishaps.reboots[each.satellite]
            )


def test_every_death_is_found_that_two_passes_could_show(world: Truth, perigees: Outcome) -> None:
    found = detections(world, perigees.verdicts)
    for number, death_s in world.mishaps.deaths.items():
        if world.is_site(number):
            assert found[number] - death_s < DAY_S / 24
            continue
        ends = counted_ends(world, number)
        assert len(ends) >= 2
        assert number in found
        # It may have died in a pass before it was heard: that one counts, too.
        assert found[number] - death_s >= ends[0] - 1
    assert STALE_AFTER.days > SCENARIO.days


def test_an_outage_of_the_whole_ground_moves_nothing(world: Truth, perigees: Outcome) -> None:
    outage = world.mishaps.ground_outage
    assert outage is not None
    false = [v.at_s for v in perigees.verdicts if is_false(world, v)]
    until_s = outage[1] + DAY_S / 24
    assert not [at_s for at_s in false if outage[0] < at_s < until_s]


def test_stock_kubernetes_gives_up_hundreds(world: Truth, stocks: Outcome) -> None:
    assert len(false_ones(world, stocks)) > 1000
    # 36 an hour is the most that a zone allows that is mostly dark.
    assert len(stocks.verdicts) < 37 * 24 * SCENARIO.days


def test_a_short_tolerance_gives_up_everybody_and_a_long_one_comes_late(
    world: Truth, heard: Signals
) -> None:
    short = tolerance.outcome("10 min", world, heard, 600)
    assert len(false_ones(world, short)) > 100 * SCENARIO.satellites
    long = tolerance.outcome("24 h", world, heard, DAY_S)
    found = detections(world, long.verdicts)
    late_s = [at_s - world.mishaps.deaths[number] for number, at_s in found.items()]
    assert np.median(late_s) > 0.9 * DAY_S


def test_models_fare_better(
    world: Truth, heard: Signals, perigees: Outcome, stocks: Outcome
) -> None:
    presence = Presence(heard)
    ours = service(world, perigees, ByPerigee(world, presence), presence)
    scheduler = ByScheduler(SCENARIO, presence, np.random.default_rng(SCENARIO.seed))
    theirs: Service = service(world, stocks, scheduler, presence)
    assert ours.moves < theirs.moves / 100
    assert ours.short_copy_h < theirs.short_copy_h / 2
