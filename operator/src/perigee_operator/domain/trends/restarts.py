"""Whether a satellite restarts more often than it did.

Source: J. Przyborowski, H. Wilenski, Homogeneity of results in testing samples from Poisson series,
Biometrika 31, 1940: if restarts come at one rate, each of all those seen falls on the last of
d + 1 days with the chance of 1 / (d + 1), so that their number is binomial.
"""

from collections.abc import Sequence
from math import comb
from typing import Final

WEEK: Final = 7
"""Days before the last that it is compared with."""
LEAST_DAYS_BEFORE: Final = 4
"""Of them, with a figure."""
ENOUGH: Final = 4
"""Restarts a day at which more of them, once found, are past."""


def more_restarts(restarts: Sequence[int | None], chance: float, *, was: bool) -> str | None:
    """What is to be said of the last day's restarts; None if they are as ever.

    Args:
        restarts: a day each, the last day's last; None where a day has no figure.
        chance: a number that a steady rate reaches more often than this is nothing.
        was: it has been found the day before, and stands until few are left.
    """
    if not restarts or restarts[-1] is None:
        return None
    last = restarts[-1]
    before = [each for each in restarts[-1 - WEEK : -1] if each is not None]
    if len(before) < LEAST_DAYS_BEFORE:
        return None
    total = sum(before)
    stands = was and last >= ENOUGH
    if not stands and chance_of_more(last, total, len(before)) > chance:
        return None
    return (
        f"It has restarted {last} times in a day, after {total} times in the {len(before)} days "
        "before."
    )


def chance_of_more(last: int, before: int, days: int) -> float:
    """The chance that, at one rate, so many or more of all restarts fall on the last day.

    Args:
        last: restarts of the last day.
        before: of so many days before it.
        days: how many.
    """
    total, share = last + before, 1 / (days + 1)
    return sum(
        comb(total, each) * share**each * (1 - share) ** (total - each)
        for each in range(last, total + 1)
    )
