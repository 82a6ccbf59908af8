"""Spans of time as arrays, and what remains of them when gaps are cut out."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats, Indices, Truths

Gap = tuple[float, float]
"""From and until."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Times in sight of stations, in order of their start; they may overlap."""

    starts: Floats
    ends: Floats
    stations: Indices

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: Truths | Indices) -> "Spans":
        """Some of them."""
        return Spans(self.starts[rows], self.ends[rows], self.stations[rows])

    def shifted(self, by_s: Floats) -> "Spans":
        """Each later by its own time."""
        return Spans(self.starts + by_s, self.ends + by_s, self.stations)

    def without(self, gaps: Iterable[Gap], station: int | None = None) -> "Spans":
        """What remains of them, or of those of one station, when gaps are cut out."""
        found = self
        for gap in gaps:
            found = found._cut(gap, station)
        return found

    def _cut(self, gap: Gap, station: int | None) -> "Spans":
        since, until = gap
        hit = (self.starts < until) & (self.ends > since)
        if station is not None:
            hit &= self.stations == station
        if not hit.any():
            return self
        before = hit & (self.starts < since)
        after = hit & (self.ends > until)
        starts = (self.starts[~hit], self.starts[before], np.full(after.sum(), until))
        ends = (self.ends[~hit], np.full(before.sum(), since), self.ends[after])
        stations = (self.stations[~hit], self.stations[before], self.stations[after])
        return in_order(np.concatenate(starts), np.concatenate(ends), np.concatenate(stations))


def in_order(starts: Floats, ends: Floats, stations: Indices) -> Spans:
    """Spans in order of their start."""
    order = np.lexsort((ends, starts))
    return Spans(starts[order], ends[order], stations[order])


def contact_numbers(spans: Spans) -> Indices:
    """Which contact each span belongs to: those that overlap or touch are of one."""
    if not len(spans):
        return np.zeros(0, dtype=np.intp)
    reached = np.maximum.accumulate(spans.ends)
    begins = np.concatenate(([False], spans.starts[1:] > reached[:-1]))
    return np.asarray(np.cumsum(begins))


def contacts(spans: Spans) -> tuple[Floats, Floats]:
    """Starts and ends of unbroken contact."""
    if not len(spans):
        return np.zeros(0), np.zeros(0)
    numbers = contact_numbers(spans)
    firsts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return spans.starts[firsts], np.maximum.reduceat(spans.ends, firsts)
