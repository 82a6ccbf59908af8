"""Which of two revisions has more errors, by bets that hold for rare ones.

The hypothesis is that in each block the candidate's share of errors is at most that of the stable
revision plus a margin: p <= q + m. Of n requests to the candidate e were errors, of k to the stable
revision f. For any a > 1 that leaves b = 1 - (a - 1) n / k above zero,

    a^e b^f exp(-(a - 1) n m)

is 1 on average at most, whatever q is: a request's factor is 1 + p (a - 1) <= exp(p (a - 1)) on
average, that of the stable revision exp(q (b - 1)) at most, and with the choice of b both together
give exp((a - 1) n (p - q)). So bets on it are fair; nobody has to know the stable revision's share,
which may change from block to block and satellite to satellite. Against the opposite hypothesis
p >= q + m, the same holds for 0 < a < 1.

That takes errors of one block for independent of each other, which they are not: what fails once,
fails again. Let them come in rows of up to r. Then the same holds of e / r, f / r, n / r: x^(j / r)
is at most 1 + (x - 1) j / r for a row of j. It costs r times as many requests.
"""

import math
from typing import Final

from perigee_operator.domain.analysis.tally import Tally

STAKES: Final = (0.0, 0.1, 0.25, 0.5, 0.75, 0.95)
"""Shares of the most that can be staked; who stakes nothing is the reserve."""
MOST: Final = 4.0
"""No error counts for more than a = 5, however many requests the stable revision has for each."""
ROW_IF_WORSE: Final = 2
"""Errors that come in a row, where they speak against the candidate."""
ROW_IF_FINE: Final = 5
"""And where it is their absence that speaks for it: a candidate that fails in rare long rows must
not pass between two of them."""


def wins_if_worse(candidate: Tally, stable: Tally, margin: float) -> tuple[float, ...]:
    """What a block brings those who bet on more errors than the margin allows.

    Both tallies have requests; the margin is a difference of shares.
    """
    most = min(stable.requests / candidate.requests, MOST)
    return tuple(_win(candidate, stable, margin, stake * most, ROW_IF_WORSE) for stake in STAKES)


def wins_if_fine(candidate: Tally, stable: Tally, margin: float) -> tuple[float, ...]:
    """What a block brings those who bet on fewer errors than the margin allows."""
    return tuple(_win(candidate, stable, margin, -stake, ROW_IF_FINE) for stake in STAKES)


def _win(candidate: Tally, stable: Tally, margin: float, stake: float, row: int) -> float:
    ratio = candidate.requests / stable.requests
    return (
        candidate.errors * math.log1p(stake)
        + stable.errors * math.log1p(-stake * ratio)
        - stake * candidate.requests * margin
    ) / row
