from itertools import permutations
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.telemetry_days import MAX_DAYS
from perigee_operator.domain.trends.slope import Point, chance_of_rise, theil_sen


def points(*figures: int) -> list[Point]:
    return list(enumerate(figures))


@pytest.mark.parametrize(
    ("given_points", "slope", "level"),
    [
        (points(10, 12, 14, 16), 2, 16),
        (points(5, 5, 5), 0, 5),
        # Days without a figure count as time.
        ([(0, 10), (4, 18), (5, 20)], 2, 20),
        # One day in four that is off by anything changes nothing.
        (points(10, 11, 12, 500, 14, 15, 16, 17), 1, 17),
    ],
)
def test_slope_and_level(given_points: list[Point], slope: float, level: float) -> None:
    line = theil_sen(given_points)
    assert (line.slope, line.level) == (slope, level)


@given(
    st.lists(st.integers(-100, 100), min_size=2, max_size=MAX_DAYS),
    st.integers(-9, 9),
    st.integers(-50, 50),
)
def test_a_slope_that_is_added_is_found(figures: list[int], slope: int, level: int) -> None:
    plain = theil_sen(points(*figures))
    tilted = [level + slope * day + figure for day, figure in enumerate(figures)]
    line = theil_sen(points(*tilted))
    assert line.slope == pytest.approx(plain.slope + slope)
    last = level + slope * (len(figures) - 1)
    assert line.level == pytest.approx(plain.level + last)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_the_chance_is_the_share_of_orders_that_rise_as_clearly(count: int) -> None:
    orders = list(permutations(range(count)))
    rises = {order: _score(order) for order in orders}
    for order in orders:
        as_clear = sum(score >= rises[order] for score in rises.values())
        assert chance_of_rise(points(*order)) == pytest.approx(as_clear / factorial(count))


def _score(order: tuple[int, ...]) -> int:
    pairs = [(a, b) for index, a in enumerate(order) for b in order[index + 1 :]]
    return sum((b > a) - (b < a) for a, b in pairs)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=MAX_DAYS))
def test_equal_figures_are_no_evidence(figures: list[int]) -> None:
    chance = chance_of_rise(points(*figures))
    assert 0 < chance <= 1
    spread = [figure * len(figures) + day for day, figure in enumerate(figures)]
    assert chance_of_rise(points(*spread)) <= chance, "as if each had risen by a trifle"
    if len(set(figures)) == 1:
        assert chance >= 0.5


def test_as_many_days_as_are_kept_can_be_reckoned_with() -> None:
    assert chance_of_rise(points(*range(MAX_DAYS))) == pytest.approx(1 / factorial(MAX_DAYS))
    assert chance_of_rise(points(*range(MAX_DAYS, 0, -1))) == 1
