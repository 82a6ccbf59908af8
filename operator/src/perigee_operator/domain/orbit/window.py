"""A time in contact, and how much of a span of time is in contact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """A contact, from acquisition (AOS) to loss of signal (LOS)."""

    start: datetime
    end: datetime | None
    """None: contact never ends."""
    station: str | None = None
    max_elevation_deg: float | None = None
    guard_s: float = 0
    """How wrong `start` and `end` may be, each. The satellite is surely in contact from
    `start + guard_s` to `end - guard_s`, which may be never."""

    def contains(self, moment: datetime) -> bool:
        """Whether the satellite is in contact then; LOS itself is outside."""
        return self.start <= moment and (self.end is None or moment < self.end)


def merged(windows: Iterable[Window]) -> list[tuple[datetime, datetime | None]]:
    """Spans of contact in order, where windows of several stations that overlap count once."""
    spans: list[tuple[datetime, datetime | None]] = []
    for window in sorted(windows, key=lambda w: w.start):
        if spans and (spans[-1][1] is None or window.start <= spans[-1][1]):
            start, end = spans[-1]
            later = None if end is None or window.end is None else max(end, window.end)
            spans[-1] = (start, later)
        else:
            spans.append((window.start, window.end))
    return spans


def contact_s(windows: Sequence[Window], since: datetime, until: datetime) -> float:
    """Seconds in contact between two moments; 0 if the second is not later."""
    total = timedelta()
    for start, end in merged(windows):
        overlap = (until if end is None else min(end, until)) - max(start, since)
        total += max(overlap, timedelta())
    return total.total_seconds()
