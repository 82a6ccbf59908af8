"""Rollouts in fleets that disturb a comparison in every way: who is given up, and how soon.

Small numbers of rollouts with fixed seeds; tests/perf/analysis.py simulates many.
"""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from noisy_fleet import mann_whitney
from noisy_fleet.trial_run import Run, before_and_after, blocks_side_by_side, side_by_side
from noisy_fleet.world import BEFORE_AFTER, SAME, UNEQUAL, Candidate, World
from perigee_operator.domain.analysis.block import Block
from perigee_operator.domain.analysis.comparison import Aspect, Outcome, begun, compared, verdict
from perigee_operator.domain.analysis.ranks import slowdown

RUNS = 70
EVEN = replace(UNEQUAL, noise=0.05)
QUIET = replace(UNEQUAL, request_memory=0, spread=0.05, common=0, own=0, orbit_swing=0, day_swing=0)


def given_up(runs: list[Run]) -> int:
    return sum(run.aborted_at is not None for run in runs)


def by_then(moments: list[int | None], share: float) -> float:
    """The block by which so many of all have come to their end."""
    ended = sorted(math.inf if moment is None else moment for moment in moments)
    return ended[math.ceil(share * len(ended)) - 1]


@pytest.mark.parametrize(
    "world",
    [
        replace(UNEQUAL, spread=0.05),
        UNEQUAL,
        replace(EVEN, own=0.05),
        replace(UNEQUAL, burst=10, requests=(50, 450)),
        replace(UNEQUAL, satellites=1, blocks=450),
    ],
    ids=["5 % spread", "20 % spread", "own disturbances", "rows of errors", "one satellite"],
)
def test_who_is_the_same_is_not_given_up_and_passes(world: World) -> None:
    runs = side_by_side(world, SAME, RUNS, seed=11)
    assert given_up(runs) <= 0.01 * RUNS
    assert by_then([run.passed_at for run in runs], 0.9) < 450


def test_nor_where_one_comes_after_the_other() -> None:
    world = replace(BEFORE_AFTER, satellites=3, noise=0.05, day_swing=0.08)
    runs = before_and_after(world, SAME, 50, seed=12)
    assert given_up(runs) == 0
    assert by_then([run.passed_at for run in runs], 0.9) < 200


def test_a_bare_test_would_give_up_many() -> None:
    apart = replace(QUIET, own=0.05, block_memory=1)
    assert mann_whitney.false_aborts(QUIET, 300, seed=13) > 0.02 * 300
    assert mann_whitney.false_aborts(apart, 100, seed=13) > 0.3 * 100
    assert mann_whitney.false_aborts(UNEQUAL, 100, seed=13) > 0.3 * 100


@pytest.mark.parametrize(
    ("world", "candidate", "blocks", "blamed"),
    [
        (UNEQUAL, Candidate(errors=0.01), 110, Aspect.ERRORS),
        (UNEQUAL, Candidate(errors=0.05), 15, Aspect.ERRORS),
        (UNEQUAL, Candidate(slowdown=0.2), 140, Aspect.LATENCY),
        (EVEN, Candidate(slowdown=0.2), 25, Aspect.LATENCY),
        (UNEQUAL, Candidate(slow_tail=0.08), 80, Aspect.TAIL),
    ],
    ids=["1 % errors", "5 % errors", "20 % slower", "20 % slower, even", "slow tail"],
)
def test_who_is_worse_is_given_up_in_time(
    world: World, candidate: Candidate, blocks: int, blamed: Aspect
) -> None:
    """Blocks of 100 requests of each revision, on five satellites together."""
    runs = side_by_side(world, candidate, RUNS, seed=14)
    assert by_then([run.aborted_at for run in runs], 0.95) <= blocks
    assert sum(blamed in run.blamed for run in runs) >= 0.95 * RUNS


def test_who_turns_bad_late_is_given_up_all_the_same() -> None:
    runs = side_by_side(UNEQUAL, Candidate(slowdown=0.2, from_block=50), RUNS, seed=15)
    assert by_then([run.aborted_at for run in runs], 0.95) <= 250 + 200


def test_one_after_the_other_shows_a_slowdown_of_a_half() -> None:
    world = replace(BEFORE_AFTER, satellites=3, blocks=60)
    runs = before_and_after(world, Candidate(slowdown=0.5), 50, seed=16)
    assert by_then([run.aborted_at for run in runs], 0.95) <= 60


@pytest.mark.parametrize(
    ("candidate", "aspect"),
    [
        (Candidate(slowdown=slowdown(1)), Aspect.LATENCY),
        (Candidate(slowdown=slowdown(2)), Aspect.TAIL),
        (Candidate(errors=UNEQUAL.errors + 0.0025), Aspect.ERRORS),
    ],
)
def test_at_the_margin_itself_nobody_grows_rich(candidate: Candidate, aspect: Aspect) -> None:
    """Wealth is one at most on average, also where the hypothesis is only just true."""
    world = replace(UNEQUAL, own=0.01, blocks=30)
    worse = [
        run.comparison.trials[aspect].worse for run in side_by_side(world, candidate, RUNS, 17)
    ]
    fine = [run.comparison.trials[aspect].fine for run in side_by_side(world, candidate, RUNS, 18)]
    for wealths in (worse, fine):
        ends = np.minimum([math.exp(each.log) for each in wealths], 100)
        assert ends.mean() <= 1 + 3 * ends.std() / math.sqrt(RUNS)


@pytest.mark.parametrize(
    ("candidate", "contrary"),
    [
        (SAME, Outcome.WORSE),
        (Candidate(slowdown=0.2), Outcome.NOT_WORSE),
        (Candidate(errors=0.02), Outcome.NOT_WORSE),
    ],
)
def test_how_reports_are_split_does_not_turn_a_verdict(
    candidate: Candidate, contrary: Outcome
) -> None:
    """Blocks of one satellite as they are, and each two of them as one."""
    world = replace(UNEQUAL, satellites=1, blocks=400)
    runs = 10
    spans = list(blocks_side_by_side(world, candidate, runs, seed=19))
    for run in range(runs):
        blocks = [span[run] for span in spans]
        merged = [_merged(*both) for both in list(pairwise(blocks))[::2]]
        single, double = _verdicts(blocks), _verdicts(merged)
        assert contrary not in single | double
        assert single == double


def _merged(one: Block, other: Block) -> Block:
    return replace(one, candidate=one.candidate + other.candidate, stable=one.stable + other.stable)


def _verdicts(blocks: list[Block]) -> set[Outcome]:
    comparison, found = begun(), {Outcome.UNDECIDED}
    for block in blocks:
        comparison = compared(comparison, block)
        found.add(verdict(comparison))
    return found
