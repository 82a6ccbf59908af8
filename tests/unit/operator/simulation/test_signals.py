"""Heartbeats as they are drawn, and parted into runs."""

import numpy as np
import pytest

from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.signals import Signals, runs, signals
from perigee_operator.simulation.spans import contacts
from perigee_operator.simulation.tolerance import outcome, silences
from perigee_operator.simulation.truth import Truth, truth
from perigee_operator.simulation.verdicts import Verdict

SMALL = Scenario(satellites=20, stations=3, days=3, sites_share=0.1, dead_share=0.2)


@pytest.fixture(scope="module")
def world() -> Truth:
    return truth(SMALL, lambda _: None)


def beats(*arrivals: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(arrivals)


def test_a_run_ends_where_a_heartbeat_is_overdue() -> None:
    found = runs(beats(0, 10, 20, 50, 90, 100), np.zeros(0), 10)
    assert found.firsts_s.tolist() == [0, 90]
    assert found.lasts_s.tolist() == [50, 100]
    assert found.counts.tolist() == [4, 2]
    assert found.means_s.tolist() == pytest.approx([50 / 3, 10])
    assert found.deviations_s.tolist() == pytest.approx([np.std([10, 10, 30]), 0])


def test_a_run_ends_where_a_station_comes_into_sight() -> None:
    found = runs(beats(0, 10, 20, 30), np.array([-5.0, 15.0, 500.0]), 10)
    assert found.firsts_s.tolist() == [0, 20]
    assert found.lasts_s.tolist() == [10, 30]


def test_who_is_never_heard_has_no_runs() -> None:
    found = runs(np.zeros(0), np.array([5.0]), 10)
    assert len(found.firsts_s) == len(found.lasts_s) == len(found.counts) == 0
    assert [len(each) for each in silences(found, 60)] == [0, 0]


def test_nobody_is_heard_where_nobody_can_be(world: Truth) -> None:
    heard = signals(world, 0.05)
    for number, found in enumerate(heard.runs):
        starts, ends = contacts(world.audible(number))
        row = np.searchsorted(starts, found.firsts_s, side="right") - 1
        assert (row >= 0).all()
        # From link-up on, and no longer than contact lasts.
        assert (found.firsts_s >= starts[row] + SMALL.link_up_s[0]).all()
        assert (found.lasts_s <= ends[row]).all()
    outage = world.mishaps.ground_outage
    assert outage is not None
    for found in heard.runs:
        assert not ((found.lasts_s > outage[0]) & (found.firsts_s < outage[1])).any()


def test_the_dead_are_silent(world: Truth) -> None:
    heard = signals(world, 0.0)
    assert len(world.mishaps.deaths) == 4
    for number, death_s in world.mishaps.deaths.items():
        assert (heard.runs[number].lasts_s <= death_s).all()


def count(heard: Signals) -> int:
    return sum(int(each.counts.sum()) for each in heard.runs)


def test_so_many_are_lost_as_is_said_and_no_others_with_each_seed(world: Truth) -> None:
    sent = count(signals(world, 0.0))
    for loss in (0.01, 0.05, 0.2):
        assert count(signals(world, loss)) / sent == pytest.approx(1 - loss, abs=0.01)
    again = truth(SMALL, lambda _: None)
    for one, other in zip(signals(world, 0.2).runs, signals(again, 0.2).runs, strict=True):
        assert one.firsts_s.tolist() == other.firsts_s.tolist()


def test_a_fixed_tolerance_gives_up_whoever_is_silent_for_longer(world: Truth) -> None:
    found = runs(beats(0, 10, 20, 700, 710, 1400), np.zeros(0), 10)
    assert [each.tolist() for each in silences(found, 600)] == [
        [620, 1310, 2000],
        [700, 1400, np.inf],
    ]
    nobody = runs(np.zeros(0), np.zeros(0), 10)
    heard = Signals(0.0, (found, *[nobody] * (SMALL.satellites - 1)))
    assert outcome("x", world, heard, 600).verdicts == (
        Verdict(0, 620, 700),
        Verdict(0, 1310, 1400),
        Verdict(0, 2000),
    )
