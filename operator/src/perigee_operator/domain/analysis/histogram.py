"""Counts in fixed buckets: what comes down from a satellite instead of samples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

from perigee_api.buckets import Buckets


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values fell into each bucket.

    Raises:
        ValueError: the counts do not fit the buckets, or one is negative.
    """

    buckets: Buckets
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.buckets):
            raise ValueError(
                f"{len(self.counts)} counts do not fit the {len(self.buckets)} buckets of "
                f"{self.buckets.name}"
            )
        if min(self.counts) < 0:
            raise ValueError(f"a count of {self.buckets.name} is negative: {min(self.counts)}")

    @classmethod
    def empty(cls, buckets: Buckets) -> Self:
        """Nothing counted yet."""
        return cls(buckets, (0,) * len(buckets))

    @classmethod
    def of(cls, buckets: Buckets, values: Iterable[float]) -> Self:
        """Values, counted."""
        counts = [0] * len(buckets)
        for value in values:
            counts[buckets.index(value)] += 1
        return cls(buckets, tuple(counts))

    @classmethod
    def sparse(cls, buckets: Buckets, occupied: Mapping[int, int]) -> Self:
        """Counts by the index of the bucket; the others are zero.

        Raises:
            ValueError: there is no bucket of such an index, or a count is negative.
        """
        strange = sorted(index for index in occupied if not 0 <= index < len(buckets))
        if strange:
            raise ValueError(
                f"{buckets.name} has no bucket {strange[0]}, only 0 to {len(buckets) - 1}"
            )
        return cls(buckets, tuple(occupied.get(index, 0) for index in range(len(buckets))))

    @property
    def occupied(self) -> dict[int, int]:
        """Counts that are not zero, by the index of the bucket: the inverse of `sparse`."""
        return {index: count for index, count in enumerate(self.counts) if count}

    @property
    def total(self) -> int:
        """Values counted."""
        return sum(self.counts)

    def __add__(self, other: Self) -> Self:
        self._require_same_buckets(other)
        return type(self)(
            self.buckets, tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        )

    def __sub__(self, earlier: Self) -> Self:
        """What was counted since.

        Raises:
            ValueError: the other is not an earlier state of the same counters.
        """
        self._require_same_buckets(earlier)
        return type(self)(
            self.buckets, tuple(a - b for a, b in zip(self.counts, earlier.counts, strict=True))
        )

    def follows(self, earlier: Self) -> bool:
        """Whether no count has become less, as counters do not unless they begin anew."""
        self._require_same_buckets(earlier)
        return all(a >= b for a, b in zip(self.counts, earlier.counts, strict=True))

    def quantile_bucket(self, share: float) -> int | None:
        """The first bucket up to which at least this share lies; None where nothing is counted."""
        wanted = share * self.total
        if not self.total:
            return None
        reached = accumulate(self.counts)
        return next(i for i, below in enumerate(reached) if below and below >= wanted)

    def quantile(self, share: float) -> float | None:
        """The value below which this share lies; None where nothing is counted.

        Within a bucket values are taken to be spread evenly. Of an open bucket no more is known
        than its one bound.
        """
        index = self.quantile_bucket(share)
        if index is None:
            return None
        bounds = self.buckets.bounds
        if index in (0, len(bounds)):
            return bounds[max(0, index - 1)]
        within = (share * self.total - sum(self.counts[:index])) / self.counts[index]
        return bounds[index - 1] + max(0.0, within) * (bounds[index] - bounds[index - 1])

    def share_over(self, limit: float) -> float | None:
        """The share above a limit; None where nothing is counted.

        Exact where the limit is the bound of a bucket. Within a bucket values are taken to be
        spread evenly; in an open one they count as above only if its whole is.
        """
        if not self.total:
            return None
        bounds = self.buckets.bounds
        index = self.buckets.index(limit)
        above: float = sum(self.counts[index + 1 :])
        if 0 < index < len(bounds):
            width = bounds[index] - bounds[index - 1]
            above += self.counts[index] * (bounds[index] - limit) / width
        return above / self.total

    def _require_same_buckets(self, other: Self) -> None:
        if self.buckets != other.buckets:
            raise ValueError(
                f"counts of {self.buckets.name} and of {other.buckets.name} do not go together"
            )
