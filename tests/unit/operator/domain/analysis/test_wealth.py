import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.ranks import STAKES, wins
from perigee_operator.domain.analysis.wealth import MOST_OF_A_BLOCK, Wealth, initial

ALPHA = 0.05


def wealth_after(statistics: list[float]) -> Wealth:
    wealth = initial(len(STAKES))
    for statistic in statistics:
        wealth = wealth.after(wins(statistic))
    return wealth


def test_it_begins_at_one() -> None:
    assert initial(5).log == pytest.approx(0)
    assert not initial(5).has_reached(0.99)


@given(blocks=st.integers(0, 300))
def test_bets_that_win_and_lose_nothing_change_nothing(blocks: int) -> None:
    assert wealth_after([0.5] * blocks).log == pytest.approx(0, abs=1e-9)


@given(logs=st.lists(st.floats(-50, 50), min_size=2, max_size=6), blocks=st.integers(0, 10**6))
def test_to_part_wealth_anew_makes_nobody_richer(logs: list[float], blocks: int) -> None:
    before = Wealth(tuple(logs), blocks)
    assert before.after([0.0] * len(logs)).log == pytest.approx(before.log, abs=1e-9)


@given(win=st.floats(0, 1000))
def test_one_block_never_decides(win: float) -> None:
    after = initial(4).after([win] * 4)
    assert after.log <= MOST_OF_A_BLOCK + 1e-9
    assert not after.has_reached(0.01)


@given(statistics=st.lists(st.floats(0, 1), max_size=60))
def test_what_was_shown_once_stays_shown(statistics: list[float]) -> None:
    wealth, best = initial(len(STAKES)), 0.0
    for statistic in statistics:
        wealth = wealth.after(wins(statistic))
        best = max(best, wealth.log)
        assert wealth.peak == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("kind", ["coins", "noise", "few and large"])
def test_fair_bets_do_not_make_rich(kind: str) -> None:
    """On average the wealth is one at most, and it is rarely ever high, at any look."""
    random = np.random.default_rng(7)
    runs, blocks = 1500, 80
    draws = {
        "coins": random.integers(0, 2, (runs, blocks)).astype(float),
        "noise": random.uniform(0, 1, (runs, blocks)),
        "few and large": np.where(random.random((runs, blocks)) < 0.1, 1.0, 4 / 9),
    }[kind]
    assert draws.mean() == pytest.approx(0.5, abs=0.005)
    ends = [wealth_after(row) for row in draws.tolist()]
    # Cut at 100: the mean of what is cut is less than that of what is not, and varies less.
    cut = np.minimum([math.exp(each.log) for each in ends], 100)
    assert cut.mean() <= 1 + 3 * cut.std() / math.sqrt(runs)
    reached = sum(each.has_reached(ALPHA) for each in ends)
    assert reached <= ALPHA * runs


def blocks_until_shown(wealth: Wealth, statistic: float) -> int:
    blocks = 0
    while not wealth.has_reached(0.005):
        wealth = wealth.after(wins(statistic))
        blocks += 1
    return blocks


def test_who_turns_bad_after_a_long_good_time_is_found() -> None:
    from_the_start = blocks_until_shown(initial(len(STAKES)), 0.7)
    late = blocks_until_shown(wealth_after([0.3] * 5000), 0.7)
    assert late < 5 * from_the_start
