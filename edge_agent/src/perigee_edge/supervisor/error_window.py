"""The share of requests that the model failed, over the last seconds. Pure."""

from dataclasses import dataclass
from typing import Final

_GRAIN_S: Final = 1.0
"""What is counted within such a time is one entry: this bounds the window's length."""


@dataclass(frozen=True, slots=True)
class Count:
    """Requests of one moment."""

    at_s: float
    answered: int
    failed: int
    """By the model itself. What a client did wrong, and what was shed, is counted nowhere."""


@dataclass(frozen=True, slots=True)
class ErrorWindow:
    """Counts of the last seconds, the oldest first; times are of one clock."""

    counts: tuple[Count, ...] = ()

    @property
    def answered(self) -> int:
        """Requests that got their outputs."""
        return sum(count.answered for count in self.counts)

    @property
    def failed(self) -> int:
        """Requests that the model failed."""
        return sum(count.failed for count in self.counts)

    @property
    def share(self) -> float:
        """Of the failed ones; 0 where there is none."""
        return self.failed / max(1, self.answered + self.failed)

    def with_count(self, count: Count, length_s: float) -> "ErrorWindow":
        """The window after more requests, and without those from before its length."""
        kept = tuple(one for one in self.counts if one.at_s > count.at_s - length_s)
        if kept and count.at_s - kept[-1].at_s < _GRAIN_S:
            last = kept[-1]
            count = Count(last.at_s, last.answered + count.answered, last.failed + count.failed)
            kept = kept[:-1]
        return ErrorWindow((*kept, count))

    def exceeds(self, share: float, least: int) -> bool:
        """Whether more than a share failed, of as many requests as it takes to say so."""
        return self.answered + self.failed >= least and self.share > share
