"""What a satellite has counted of a revision."""

from dataclasses import dataclass, field
from typing import Final, Self

from perigee_api.buckets import LATENCY
from perigee_api.served import Counts
from perigee_operator.domain.analysis.histogram import Histogram


def _no_latency() -> Histogram:
    return Histogram.empty(LATENCY)


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests of one revision on one satellite.

    Raises:
        ValueError: there are more errors than requests, or less than none.
    """

    requests: int = 0
    """All that were answered, errors included. Those shed for overload (429) are none."""
    errors: int = 0
    latency: Histogram = field(default_factory=_no_latency)
    """Of answers without an error: errors are quick, and would make a bad revision look fast."""

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.requests:
            raise ValueError(f"{self.errors} errors cannot be of {self.requests} requests")

    @property
    def error_share(self) -> float | None:
        """None where there were no requests."""
        return self.errors / self.requests if self.requests else None

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.requests + other.requests,
            self.errors + other.errors,
            self.latency + other.latency,
        )


NOTHING: Final = Tally()


def tally_of(counts: Counts) -> Tally:
    """What a satellite has told, as it is compared."""
    return Tally(counts.requests, counts.errors, Histogram.sparse(LATENCY, counts.latency))
