"""Which of two revisions is slower, by ranks: no mean that one slow answer could carry off.

Both statistics of a block lie between 0 and 1, and are 1/2 on average for two revisions that are
the same, whatever the satellite, its temperature and the distribution of latencies, and however
much answers of the same block depend on each other. So bets at even odds are fair: on a statistic
x, the factor 1 + stake (x - 1/2).

The candidate is compared with the stable revision slowed down by the margin. The bounds of the
latency buckets are the powers of one ratio, so that slowing down is moving counts up by whole
buckets, and a candidate that is slower by no more than the margin has a statistic of 1/2 at most.
"""

import math
from itertools import accumulate
from typing import Final

from perigee_api.buckets import PER_OCTAVE
from perigee_operator.domain.analysis.histogram import Histogram

STAKES: Final = (0.0, 0.3, 0.8, 1.3, 1.8)
"""Small ones for small differences among much noise, large ones for differences beyond doubt; who
stakes nothing is the reserve."""
TAIL: Final = 0.95
"""The quantile that stands for slow answers; a block has too few for the 99th."""
FEWEST_FOR_TAIL: Final = 20
"""Answers of each revision, from which on the quantile is not just the slowest of them."""


def slowdown(buckets: int) -> float:
    """How much slower an answer is that falls so many buckets higher: 0.09 for one."""
    return float(2 ** (buckets / PER_OCTAVE) - 1)


def buckets_of(slowdown: float) -> int:
    """The whole number of buckets that is nearest to a slowdown, one at least."""
    return max(1, round(PER_OCTAVE * math.log2(1 + slowdown)))


def slower_share(candidate: Histogram, stable: Histogram, margin: int) -> float | None:
    """The chance that an answer of the candidate is slower than one of the slowed-down stable.

    Equal ones count half: the statistic of Mann and Whitney over the product of the counts. None
    where either has no answers.
    """
    pairs = candidate.total * stable.total
    if not pairs:
        return None
    slowed = _slowed(stable.counts, margin)
    below = accumulate(slowed, initial=0)
    twice = sum(
        c * (2 * less + equal)
        for c, less, equal in zip(candidate.counts, below, slowed, strict=False)
        if c
    )
    return twice / (2 * pairs)


def slower_tail(candidate: Histogram, stable: Histogram, margin: int) -> float | None:
    """1 if the candidate's tail is slower than that of the slowed-down stable, 1/2 if equal, or 0.

    None where either has too few answers for a tail. Where one has many more than the other, their
    quantiles are a little unlike by themselves (the highest 3 of 50 begin at the 94.1th percentile,
    the highest 23 of 450 at the 94.9th), which the margin covers.
    """
    if min(candidate.total, stable.total) < FEWEST_FOR_TAIL:
        return None
    own = candidate.quantile_bucket(TAIL) or 0
    other = _slowed_bucket(stable.quantile_bucket(TAIL) or 0, margin, len(stable.counts))
    return 0.5 if own == other else float(own > other)


def wins(statistic: float) -> tuple[float, ...]:
    """What a block brings those who bet that the statistic is above 1/2 on average."""
    return tuple(math.log1p(stake * (statistic - 0.5)) for stake in STAKES)


def _slowed(counts: tuple[int, ...], margin: int) -> list[int]:
    slowed = [0] * len(counts)
    for index, count in enumerate(counts):
        if count:
            slowed[_slowed_bucket(index, margin, len(counts))] += count
    return slowed


def _slowed_bucket(index: int, margin: int, buckets: int) -> int:
    """What is too quick or too slow to be told apart stays so."""
    return min(index + margin, buckets - 1) if index else 0
