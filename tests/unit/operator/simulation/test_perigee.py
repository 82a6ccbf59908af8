"""Perigee's own policy: what may not matter to it does not."""

from itertools import pairwise

import numpy as np
import pytest

from perigee_operator.simulation import perigee
from perigee_operator.simulation.figures import detections
from perigee_operator.simulation.scenario import HOUR_S, Scenario
from perigee_operator.simulation.signals import Runs, Signals, signals
from perigee_operator.simulation.spans import contacts
from perigee_operator.simulation.truth import Truth, truth
from perigee_operator.simulation.verdicts import Outcome

SMALL = Scenario(
    satellites=24,
    stations=4,
    days=1.5,
    sites_share=0.1,
    dead_share=0.25,
    settled_days=0.2,
    judged_days=0.8,
    ground_out_h=1,
    station_out_every_days=2,
    reboot_every_days=1,
)


def nowhere(_: float) -> None:
    """Nobody wants to know how far it has come."""


@pytest.fixture(scope="module")
def world() -> Truth:
    return truth(SMALL, nowhere)


@pytest.fixture(scope="module")
def heard(world: Truth) -> Signals:
    return signals(world, 0.05)


@pytest.fixture(scope="module")
def found(world: Truth, heard: Signals) -> Outcome:
    return perigee.outcome(world, heard, nowhere)


def one_by_one(runs: Runs) -> Runs:
    """Every heartbeat a run of its own. Within a run they are taken for even."""
    arrivals = np.concatenate(
        [
            np.linspace(first, last, count)
            for first, last, count in zip(runs.firsts_s, runs.lasts_s, runs.counts, strict=True)
        ]
        or [np.zeros(0)]
    )
    zeros = np.zeros(len(arrivals))
    return Runs(arrivals, arrivals, np.ones(len(arrivals), dtype=np.intp), zeros, zeros)


def test_a_run_at_once_is_as_good_as_every_heartbeat(
    world: Truth, heard: Signals, found: Outcome
) -> None:
    each = Signals(heard.loss, tuple(map(one_by_one, heard.runs)))
    singly = perigee.outcome(world, each, nowhere).verdicts
    assert [v.satellite for v in singly] == [v.satellite for v in found.verdicts]
    for one, other in zip(singly, found.verdicts, strict=True):
        # The ground is known to hear since the last heartbeat of anybody: that may be so old.
        assert 0 <= one.at_s - other.at_s <= SMALL.heartbeat_s
        assert one.until_s == other.until_s


def test_the_same_scenario_plays_the_same(world: Truth, found: Outcome) -> None:
    again = truth(SMALL, nowhere)
    assert again.mishaps == world.mishaps
    assert perigee.outcome(again, signals(again, 0.05), nowhere) == found


@pytest.mark.parametrize("seed", range(3))
def test_a_restart_changes_no_verdict_but_by_a_pass(
    world: Truth, heard: Signals, found: Outcome, seed: int
) -> None:
    moments = np.random.default_rng(seed).uniform(0, SMALL.end_s, 4)
    restarted = perigee.outcome(world, heard, nowhere, sorted(moments.tolist()))
    before = detections(world, found.verdicts)
    after = detections(world, restarted.verdicts)
    assert before.keys() == after.keys()
    for number, at_s in before.items():
        assert at_s <= after[number] <= latest_s(world, number, at_s, len(moments))
    assert {v.satellite for v in restarted.verdicts} == {v.satellite for v in found.verdicts}


def latest_s(world: Truth, number: int, at_s: float, restarts: int) -> float:
    """When a verdict is due that as many passes were lost to."""
    if world.is_site(number):
        return at_s + restarts * 2 * SMALL.lost_after_s
    starts, ends = contacts(world.sights[number])
    later = ends[(ends > at_s) & (ends - starts >= 90)]
    return float(later[restarts - 1]) + HOUR_S


def test_silence_of_everybody_moves_nothing(world: Truth, found: Outcome) -> None:
    outage = world.mishaps.ground_outage
    assert outage is not None
    within = [v for v in found.verdicts if outage[0] < v.at_s < outage[1]]
    assert within == []


def test_who_is_given_up_stays_so_until_heard(heard: Signals, found: Outcome) -> None:
    for verdict in found.verdicts:
        if verdict.until_s is not None:
            firsts = heard.runs[verdict.satellite].firsts_s
            assert ((firsts > verdict.at_s) & (firsts <= verdict.until_s)).any()
    by_satellite = sorted(found.verdicts, key=lambda v: (v.satellite, v.at_s))
    for one, other in pairwise(by_satellite):
        if one.satellite == other.satellite:
            assert one.until_s is not None
            assert one.until_s < other.at_s
