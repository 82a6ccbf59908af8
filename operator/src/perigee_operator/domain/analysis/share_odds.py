"""Whether a share is above or below a limit, by bets.

As `error_odds`, with a limit that is known in the place of the stable revision's share. Of n
answers e differ. The hypothesis is that in each block their share is at most m. For any a > 1,

    a^e exp(-(a - 1) n m)

is 1 on average at most, since an answer's factor is 1 + p (a - 1) <= exp(p (a - 1)) on average; and
against the opposite hypothesis, a share of m at least, for 0 < a < 1. Where what differs comes in
rows of up to r, the same holds of e / r and n / r.
"""

import math
from typing import Final

from perigee_operator.domain.analysis.error_odds import MOST, STAKES

ROW: Final = 2
"""Answers that differ in a row: neighbouring tiles of a scene are alike, but few of them are handed
on, and those with a pause in between."""


def wins_if_above(differing: int, answers: int, limit: float) -> tuple[float, ...]:
    """What a block brings those who bet on a share above the limit."""
    return tuple(_win(differing, answers, limit, stake * MOST) for stake in STAKES)


def wins_if_below(differing: int, answers: int, limit: float) -> tuple[float, ...]:
    """What a block brings those who bet on a share below the limit."""
    return tuple(_win(differing, answers, limit, -stake) for stake in STAKES)


def _win(differing: int, answers: int, limit: float, stake: float) -> float:
    return (differing * math.log1p(stake) - stake * answers * limit) / ROW
