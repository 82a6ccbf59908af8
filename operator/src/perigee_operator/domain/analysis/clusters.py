"""Counts that come in blocks whose samples are alike, and how much they say.

What one satellite sees within minutes is one landscape, so that samples of a block are no
independent ones. Blocks are taken to be. So the variance of a bucket's share is that of a ratio
over blocks (W. Cochran: Sampling Techniques, 1977, chapter 6), and its quotient with what
independent samples would have is the bucket's design effect d. A statistic of chi-square is to be
divided by their mean, sum of (1 - p) d over B - 1 for B buckets with the shares p (J. Rao,
A. Scott: The analysis of categorical data from complex sample surveys, JASA 76, 1981).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

FEWEST_BLOCKS: Final = 8
"""With fewer nobody knows how alike their samples are."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Sums over blocks: a few numbers for each bucket, however many blocks there were."""

    counts: tuple[int, ...]
    """Of all blocks, by bucket."""
    squares: tuple[int, ...]
    """Of the counts of each block, squared."""
    products: tuple[int, ...]
    """Of the counts of each block times its samples."""
    sizes: int = 0
    """Of the samples of each block, squared."""
    blocks: int = 0

    @classmethod
    def empty(cls, buckets: int) -> Self:
        """No block yet."""
        none = (0,) * buckets
        return cls(none, none, none)

    def after(self, counts: Sequence[int]) -> Self:
        """With one more block; one without samples is none."""
        size = sum(counts)
        if not size:
            return self
        return type(self)(
            tuple(a + c for a, c in zip(self.counts, counts, strict=True)),
            tuple(a + c * c for a, c in zip(self.squares, counts, strict=True)),
            tuple(a + c * size for a, c in zip(self.products, counts, strict=True)),
            self.sizes + size * size,
            self.blocks + 1,
        )

    def __add__(self, other: Self) -> Self:
        """All blocks of both, which have the same buckets."""
        return type(self)(
            tuple(map(sum, zip(self.counts, other.counts, strict=True))),
            tuple(map(sum, zip(self.squares, other.squares, strict=True))),
            tuple(map(sum, zip(self.products, other.products, strict=True))),
            self.sizes + other.sizes,
            self.blocks + other.blocks,
        )

    @property
    def total(self) -> int:
        """Samples of all blocks."""
        return sum(self.counts)

    @property
    def design_effect(self) -> float | None:
        """How many samples speak as one, 1 at least; None: too few blocks tell."""
        if self.blocks < FEWEST_BLOCKS:
            return None
        total = self.total
        used = [
            each
            for each in zip(self.counts, self.squares, self.products, strict=True)
            if 0 < each[0] < total
        ]
        correction = self.blocks / (self.blocks - 1)
        # (1 - p) d of a bucket is its variance over that of one independent sample's p.
        effects = []
        for count, squares, products in used:
            share = count / total
            deviations = squares - 2 * share * products + share * share * self.sizes
            effects.append(correction * max(0.0, deviations) / total / share)
        return max(1.0, sum(effects) / max(1, len(effects) - 1))
