"""What became of the requests, counted."""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Final

FAILURES_KEPT: Final = 20
"""The last of them, word by word; all are counted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request."""

    satellite: str | None
    """Whose answer it was; None: it failed."""
    revision: str | None
    correct: bool
    """Whether the answer agrees with the trusted network's."""
    duration_s: float
    errors: tuple[str, ...]
    """What went wrong, a sentence a try."""

    @property
    def answered(self) -> bool:
        """Whether there was an answer, at the first try or the second."""
        return self.satellite is not None


class Counters:
    """Counts requests; each one sent ends as answered or failed."""

    def __init__(self) -> None:
        self.sent = 0
        self.held_back = 0
        """Not sent, since too many were under way: the satellites are slower than the rate."""
        self._answered = 0
        self._failed = 0
        self._retried = 0
        self._wrong = 0
        self._slowest_s = 0.0
        self._by_revision: Counter[str] = Counter()
        self._by_satellite: Counter[str] = Counter()
        self._failures: deque[str] = deque(maxlen=FAILURES_KEPT)

    def count(self, outcome: Outcome) -> None:
        """Counts a request that has ended."""
        self._slowest_s = max(self._slowest_s, outcome.duration_s)
        if outcome.satellite is None:
            self._failed += 1
            self._failures.append("; then ".join(outcome.errors))
            return
        self._answered += 1
        self._retried += bool(outcome.errors)
        self._wrong += not outcome.correct
        self._by_revision[outcome.revision or ""] += 1
        self._by_satellite[outcome.satellite] += 1

    def snapshot(self) -> dict[str, Any]:
        """The counts, as they are printed."""
        return {
            "sent": self.sent,
            "answered": self._answered,
            "failed": self._failed,
            "retried": self._retried,
            "wrong": self._wrong,
            "heldBack": self.held_back,
            "slowestS": round(self._slowest_s, 3),
            "byRevision": dict(sorted(self._by_revision.items())),
            "bySatellite": dict(sorted(self._by_satellite.items())),
            "failures": list(self._failures),
        }
