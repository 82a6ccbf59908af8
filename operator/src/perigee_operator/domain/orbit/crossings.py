"""When satellites rise above a limit of elevation and sink below it, and where they stand highest.

Between two times of the grid the elevation may have a maximum or a minimum, which shows in the sign
of its rate: there the step is parted. On each part the elevation only rises or only falls, so that
a crossing shows in the signs at its ends: however short a pass is, it is not missed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats, Indices, Truths
from perigee_operator.domain.orbit.sight import HALVINGS, Sky, sights
from perigee_operator.domain.orbit.station import Sites
from perigee_operator.domain.orbit.track import Tracks


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of satellites over stations, one a row; ordered by satellite, station and time."""

    satellites: Indices
    stations: Indices
    times_s: Floats
    sines: Floats
    """Of the elevations."""
    rising: Truths
    """At a crossing: it comes into sight."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """Pieces of the grid's steps, from `low` to `high` within each, and the signs at their ends."""

    satellites: Indices
    steps: Indices
    stations: Indices
    low: Floats
    high: Floats
    above_low: Truths
    above_high: Truths

    def crossing(self) -> "_Parts":
        """Those with one end above the limit and one below."""
        rows = self.above_low != self.above_high
        return _Parts(
            self.satellites[rows],
            self.steps[rows],
            self.stations[rows],
            self.low[rows],
            self.high[rows],
            self.above_low[rows],
            self.above_high[rows],
        )


def moments(found: Tracks, grounds: Sites, seen: Sky, limits: Floats) -> tuple[Moments, Moments]:
    """All crossings of the limits, and all maxima and minima of elevation.

    Args:
        found: the satellites.
        grounds: the stations.
        seen: the satellites over the stations.
        limits: sine of the elevation from which each station sees.
    """
    whole = found.known[:, :-1] & found.known[:, 1:]
    above = seen.sines >= limits
    climbing = seen.rates > 0
    turns = (climbing[:, :-1] != climbing[:, 1:]) & whole[..., np.newaxis]
    turning = np.nonzero(turns)
    satellites, steps, stations = turning
    at_turn = sights(found, grounds, satellites, stations, steps)
    zeros, ones = np.zeros(len(steps)), np.ones(len(steps))
    u = bisected(at_turn.climbs, zeros, ones, ~climbing[:, :-1][turning])
    sines = at_turn.sines(u)
    extremes = _ordered(satellites, stations, at_turn.times_s(u), sines, climbing[:, 1:][turning])

    before, after = above[:, :-1], above[:, 1:]
    between = sines >= limits[stations]
    plain = np.nonzero((before != after) & whole[..., np.newaxis] & ~turns)
    lows, highs = np.zeros(len(plain[0])), np.ones(len(plain[0]))
    parts = [
        _Parts(plain[0], plain[1], plain[2], lows, highs, before[plain], after[plain]),
        _Parts(satellites, steps, stations, zeros, u, before[turning], between).crossing(),
        _Parts(satellites, steps, stations, u, ones, between, after[turning]).crossing(),
    ]
    return _refined(found, grounds, limits, parts), extremes


def bisected(
    value: Callable[[Floats], Floats], low: Floats, high: Floats, rising: Truths
) -> Floats:
    """Where values change their sign between two places each, by halving; the later of the two.

    Args:
        value: of each row at a place of its own.
        low: where to begin.
        high: where to end.
        rising: whether the value is negative at `low`.
    """
    low, high = low.copy(), high.copy()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        before = (value(middle) >= 0) == rising
        high[before] = middle[before]
        low[~before] = middle[~before]
    return high


def _refined(found: Tracks, grounds: Sites, limits: Floats, parts: list[_Parts]) -> Moments:
    satellites = np.concatenate([part.satellites for part in parts])
    stations = np.concatenate([part.stations for part in parts])
    steps = np.concatenate([part.steps for part in parts])
    rising = np.concatenate([part.above_high for part in parts])
    rows = sights(found, grounds, satellites, stations, steps)
    limit = limits[stations]
    u = bisected(
        lambda place: rows.sines(place) - limit,
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
        rising,
    )
    return _ordered(satellites, stations, rows.times_s(u), rows.sines(u), rising)


def _ordered(
    satellites: Indices, stations: Indices, times_s: Floats, sines: Floats, rising: Truths
) -> Moments:
    order = np.lexsort((times_s, stations, satellites))
    return Moments(satellites[order], stations[order], times_s[order], sines[order], rising[order])
