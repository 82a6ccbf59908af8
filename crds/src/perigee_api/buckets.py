"""Into which buckets a satellite counts what it measures.

The buckets are fixed, so that counts of any two satellites, revisions and moments can be added,
subtracted and compared. A bucket holds what lies above its lower bound, up to and with its upper
one; the first and the last are open.

Latency: the bounds are 2^(k/8) seconds, from 0.5 ms to 64 s, which are those of a native histogram
of Prometheus (schema 3) and of an exponential histogram of OpenTelemetry (scale 3). Each is 9.05 %
above the last. That is as wide as they may be: with the 24 buckets that would cover the range more
cheaply (63 % each), all answers of a server that is even in its pace fall into one, and still do
when it has become 20 % slower. And a candidate is compared with its stable revision slowed down by
whole buckets, which is exact. A server's answers seldom spread over more than four octaves, so that
of the 138 counts about 30 are not zero: less than 300 bytes of JSON for the 86,400 of a day.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Buckets:
    """A scheme of buckets: one more than it has bounds."""

    name: str
    bounds: tuple[float, ...]
    """Upper bounds, ascending, of all buckets but the last."""

    def __len__(self) -> int:
        return len(self.bounds) + 1

    def index(self, value: float) -> int:
        """The bucket that a value falls into."""
        return bisect_left(self.bounds, value)


PER_OCTAVE: Final = 8
"""Latency buckets from a latency to its double."""

LATENCY: Final = Buckets(
    "latency", tuple(2 ** (k / PER_OCTAVE) for k in range(-11 * PER_OCTAVE, 6 * PER_OCTAVE + 1))
)
"""Seconds from 2^-11 (0.488 ms) to 2^6 (64 s)."""
