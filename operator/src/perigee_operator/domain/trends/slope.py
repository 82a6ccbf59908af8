"""Whether figures rise from day to day, how fast, and how likely chance alone would do it.

Sources: H. Theil, A rank-invariant method of linear and polynomial regression analysis, 1950, and
P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, J. Am. Stat. Assoc. 63,
1968: the slope is the median of the slopes of all pairs, so that up to 29 % of the days may be off
by anything. H. B. Mann, Nonparametric tests against trend, Econometrica 13, 1945: figures without
a trend come in any order alike, whatever their distribution.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import factorial
from statistics import median
from typing import Final

MOST: Final = 32
"""Figures at most: chances are counted out, not estimated."""

Point = tuple[int, int]
"""A day, and its figure."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through figures of days."""

    slope: float
    """A day."""
    level: float
    """On the last of the days."""


def theil_sen(points: Sequence[Point]) -> Line:
    """The line through points of at least two days, in their order."""
    slope = median(
        (after[1] - before[1]) / (after[0] - before[0]) for before, after in _pairs(points)
    )
    last = points[-1][0]
    return Line(slope, median(figure - slope * (day - last) for day, figure in points))


def chance_of_rise(points: Sequence[Point]) -> float:
    """The chance that figures without a trend, in any order, would rise as clearly as these.

    Kendall's S counts the pairs that rise less those that fall. Equal figures count as neither,
    though they could not have come in another order: the chance is then smaller than is said.
    """
    score = sum((after[1] > before[1]) - (after[1] < before[1]) for before, after in _pairs(points))
    count = len(points)
    falling = (count * (count - 1) // 2 - score) // 2
    orders = _orders_by_falls(count)
    return sum(orders[: falling + 1]) / factorial(count)


def _pairs(points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    return combinations(points, 2)


@lru_cache(maxsize=MOST)
def _orders_by_falls(count: int) -> tuple[int, ...]:
    """How many orders of so many different figures have 0, 1, 2… pairs that fall.

    Each figure more can be put before 0, 1… or all of those there are.
    """
    orders = [1]
    for number in range(1, count):
        longer = [0] * (len(orders) + number)
        for falls, ways in enumerate(orders):
            for more in range(number + 1):
                longer[falls + more] += ways
        orders = longer
    return tuple(orders)
