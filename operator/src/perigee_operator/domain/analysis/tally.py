"""What a satellite has counted of a revision, in all or since a moment."""

from dataclasses import dataclass, field
from typing import Final, Self

from perigee_operator.domain.analysis.buckets import LATENCY, SCORES
from perigee_operator.domain.analysis.histogram import Histogram


def _no_latency() -> Histogram:
    return Histogram.empty(LATENCY)


def _no_scores() -> Histogram:
    return Histogram.empty(SCORES)


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
    scores: Histogram = field(default_factory=_no_scores)

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
            self.scores + other.scores,
        )


NOTHING: Final = Tally()


@dataclass(frozen=True, slots=True)
class Counters:
    """A tally that grows for as long as what counts it runs."""

    run: str
    """Names the run of the process that counts; another one has begun at zero."""
    tally: Tally

    def since(self, earlier: "Counters | None") -> Tally:
        """What was counted since an earlier report.

        After a restart that is all there is: what was counted between the last report and the
        restart is lost. Counters that have become less have begun anew, whatever they say.
        """
        if earlier is None or earlier.run != self.run or not self._follows(earlier.tally):
            return self.tally
        return Tally(
            self.tally.requests - earlier.tally.requests,
            self.tally.errors - earlier.tally.errors,
            self.tally.latency - earlier.tally.latency,
            self.tally.scores - earlier.tally.scores,
        )

    def _follows(self, earlier: Tally) -> bool:
        answered = self.tally.requests - self.tally.errors
        return (
            self.tally.errors >= earlier.errors
            and answered >= earlier.requests - earlier.errors
            and self.tally.latency.follows(earlier.latency)
            and self.tally.scores.follows(earlier.scores)
        )
