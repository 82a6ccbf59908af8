"""Whether scores or inputs have drifted away from those of the golden set.

The population stability index is the sum over buckets of (q - p) ln(q / p), where p is the share
that the reference has in a bucket and q the one observed: the divergence of Kullback and Leibler,
both ways. Rule of thumb: below 0.1 nothing has changed, above 0.25 much has (N. Siddiqi: Credit
Risk Scorecards, 2006).

Few samples have an index of their own accord. Of two samples of one distribution it is about
(1/n + 1/m) times a chi-square variable with B - 1 degrees of freedom (B. Yurdakul, J. Naranjo:
Statistical properties of the population stability index, Journal of Risk Model Validation 14,
2020). So its mean (B - 1)(1/n + 1/m) is taken off, and nothing is said as long as chance alone
would reach the threshold once in a hundred times. Where it would with as many buckets as there are,
neighbouring ones are put together until it does not: their number follows from n and m alone.

Tiles of one scene are alike: n samples say as much as n / d independent ones, where d is the design
effect, by how much more than by chance the counts differ from block to block (`clusters`).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PSEUDOCOUNT: Final = 0.5
"""Added to each bucket that either side has used, or an empty one would be infinitely far off."""
MUCH: Final = 0.25
"""From here on much has changed."""
COARSER: Final = (10, 5, 3, 2)
"""Into how many buckets of about the same share of the reference counts are put together."""

_NORMAL_99: Final = 2.3263478740
"""The normal distribution's quantile at 0.99."""
_FEWEST_BUCKETS: Final = 2


@dataclass(frozen=True, slots=True)
class Stability:
    """How far two distributions are apart, and how far two samples of one would be."""

    index: float
    """The population stability index as it is."""
    noise: float
    """What it would be on average if nothing had drifted."""
    noise_99: float
    """What it would be at most, 99 times in a hundred, if nothing had drifted."""

    @property
    def shift(self) -> float:
        """The index less its noise; not below zero."""
        return max(0.0, self.index - self.noise)


def stability(
    reference: Sequence[int], observed: Sequence[int], *, design_effect: float = 1
) -> Stability | None:
    """How far observed counts are from those of the reference; None where either has none.

    Args:
        reference: the golden set's.
        observed: in the same buckets.
        design_effect: how many of the observed speak as one.

    Raises:
        ValueError: the buckets differ, or the design effect is below one.
    """
    if len(reference) != len(observed):
        raise ValueError(f"{len(observed)} buckets cannot have drifted from {len(reference)}")
    if design_effect < 1:
        raise ValueError(f"a design effect of {design_effect} is below one")
    expected, found = sum(reference), sum(observed)
    if not expected or not found:
        return None
    pairs = [(p, q) for p, q in zip(reference, observed, strict=True) if p or q]
    freedom = max(len(pairs), _FEWEST_BUCKETS) - 1
    rate = 1 / expected + design_effect / found
    return Stability(_index(pairs), freedom * rate, _chi_square_99(freedom) * rate)


def drift(
    reference: Sequence[int],
    observed: Sequence[int],
    *,
    threshold: float = MUCH,
    design_effect: float = 1,
) -> Stability | None:
    """How far they are apart; None where too few samples tell a shift of the threshold.

    With as many buckets as can be told apart from chance.
    """
    for buckets in COARSER:
        bounds = _bounds(len(reference), buckets)
        found = stability(
            _joined(reference, bounds), _joined(observed, bounds), design_effect=design_effect
        )
        if found is not None and found.noise_99 < threshold:
            return found
    return None


def fewest_golden(threshold: float) -> int:
    """Samples that a golden set has to have more than, or no number of requests is enough."""
    return math.floor(_chi_square_99(COARSER[-1] - 1) / threshold)


def _bounds(count: int, buckets: int) -> list[int]:
    """Where each of so many neighbouring buckets begins that are put together, and the end."""
    joined = min(count, buckets)
    return [count * number // joined for number in range(joined + 1)]


def _joined(counts: Sequence[int], bounds: Sequence[int]) -> list[int]:
    return [sum(counts[i:j]) for i, j in itertools.pairwise(bounds)]


def _index(pairs: list[tuple[int, int]]) -> float:
    expected = sum(p for p, _ in pairs) + PSEUDOCOUNT * len(pairs)
    observed = sum(q for _, q in pairs) + PSEUDOCOUNT * len(pairs)
    shares = [((p + PSEUDOCOUNT) / expected, (q + PSEUDOCOUNT) / observed) for p, q in pairs]
    return sum((q - p) * math.log(q / p) for p, q in shares)


def _chi_square_99(freedom: int) -> float:
    """The quantile at 0.99, within 1 %.

    Source: E. B. Wilson, M. M. Hilferty: The distribution of chi-square, PNAS 17, 1931.
    """
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + _NORMAL_99 * math.sqrt(spread)) ** 3)
