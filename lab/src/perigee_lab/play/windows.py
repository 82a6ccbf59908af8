"""When a satellite is in contact, as a plan says; pure. Times are seconds of the plan's clock."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Span:
    """A time in contact, from its start up to, and without, its end."""

    start_s: float
    end_s: float

    def contains(self, moment_s: float) -> bool:
        """Whether it is under way."""
        return self.start_s <= moment_s < self.end_s


@dataclass(frozen=True, slots=True)
class Window:
    """A planned contact; repeated, if it says so."""

    start_s: float
    end_s: float
    every_s: float | None = None
    """From one start to the next; at least the window's own length."""
    until_s: float | None = None
    """No repetition starts then or later; None: it repeats for good."""

    @property
    def last_change_s(self) -> float:
        """When it changes a link for the last time; infinite if it never stops to."""
        if self.every_s is None:
            return self.end_s if math.isfinite(self.end_s) else self.start_s
        if self.until_s is None:
            return math.inf
        repeated = math.ceil((self.until_s - self.start_s) / self.every_s) - 1
        return self.end_s + max(0, repeated) * self.every_s

    def overlapping(self, since_s: float, until_s: float) -> Iterator[Span]:
        """All of its repetitions that overlap a span of time, in order."""
        for span in self._near(since_s, until_s):
            if span.end_s > since_s and span.start_s < until_s:
                yield span

    def _near(self, since_s: float, until_s: float) -> Iterator[Span]:
        if self.every_s is None:
            yield Span(self.start_s, self.end_s)
            return
        last_s = until_s if self.until_s is None else min(until_s, self.until_s)
        # One earlier than computed, for a division may be rounded up.
        number = max(0, math.floor((since_s - self.end_s) / self.every_s))
        while (start_s := self.start_s + number * self.every_s) < last_s:
            yield Span(start_s, start_s + self.end_s - self.start_s)
            number += 1


Windows = Sequence[Window]

ALWAYS: Final = (Window(-math.inf, math.inf),)


def contact_spans(windows: Windows, since_s: float, until_s: float) -> list[Span]:
    """The time in contact that overlaps a span of time, in order.

    Windows that overlap or touch are one: the link does not change between them.
    """
    found: list[Span] = []
    overlapping = (span for window in windows for span in window.overlapping(since_s, until_s))
    for span in sorted(overlapping, key=lambda each: each.start_s):
        if found and span.start_s <= found[-1].end_s:
            found[-1] = Span(found[-1].start_s, max(found[-1].end_s, span.end_s))
        else:
            found.append(span)
    return found
