"""Passes over stations whose horizon is not the same in all directions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats, Indices, Truths
from perigee_operator.domain.orbit.crossings import bisected
from perigee_operator.domain.orbit.sight import Sights, sights
from perigee_operator.domain.orbit.spans import Pass
from perigee_operator.domain.orbit.station import Sites, Station
from perigee_operator.domain.orbit.track import STEP_S, Tracks

LOOKS: Final = 30
"""At the horizon in each step of the grid, one in two seconds: what shows or hides for less may be
missed."""
EDGE_DEG: Final = 1e-4
"""A pass begins and ends on the mask: what is so near the limit counts as above it."""


def above_horizon(
    spans: Sequence[Pass], stations: Sequence[Station], found: Tracks, grounds: Sites
) -> list[Pass]:
    """What is left of passes above the mask where the horizon stands higher."""
    left = [span for span in spans if not stations[span.station].has_horizon]
    for number, station in enumerate(stations):
        own = [span for span in spans if span.station == number]
        if own and station.has_horizon:
            left += _visible(own, station, found, grounds)
    return left


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of the grid that passes lie on, one a row."""

    spans: Indices
    """The pass of each row."""
    firsts: Indices
    """The first row of each pass."""
    lasts: Indices
    """And the last."""
    sights: Sights
    low: Floats
    """Where on its step the pass is there first, from 0 to 1."""
    high: Floats


def _visible(spans: Sequence[Pass], station: Station, found: Tracks, grounds: Sites) -> list[Pass]:
    rows = _steps(spans, found, grounds)
    looks = rows.low[:, np.newaxis] + (rows.high - rows.low)[:, np.newaxis] * (
        np.arange(LOOKS + 1) / LOOKS
    )
    above = _clearance(rows.sights, station, looks) >= 0
    # Where a row ends the next one begins: one look decides for both.
    inner = np.setdiff1d(np.arange(len(rows.spans)), rows.lasts)
    above[inner, -1] = above[inner + 1, 0]
    changing, column = np.nonzero(above[:, :-1] != above[:, 1:])
    at_change = rows.sights.take(changing)
    u = bisected(
        lambda place: _clearance(at_change, station, place[:, np.newaxis])[:, 0],
        looks[changing, column],
        looks[changing, column + 1],
        above[changing, column + 1],
    )
    return _assembled(spans, rows, above, rows.spans[changing], at_change.times_s(u))


def _steps(spans: Sequence[Pass], found: Tracks, grounds: Sites) -> _Steps:
    begin = (np.array([span.start_s for span in spans]) - found.times_s[0]) / STEP_S
    end = (np.array([span.end_s for span in spans]) - found.times_s[0]) / STEP_S
    first = np.floor(begin).astype(np.intp)
    counts = np.maximum(np.ceil(end).astype(np.intp) - first, 1)
    numbers = np.repeat(np.arange(len(spans)), counts)
    lasts = np.cumsum(counts) - 1
    firsts = lasts - counts + 1
    steps = first[numbers] + np.arange(len(numbers)) - firsts[numbers]
    satellites = np.array([span.satellite for span in spans])[numbers]
    stations = np.array([span.station for span in spans])[numbers]
    return _Steps(
        spans=numbers,
        firsts=firsts,
        lasts=lasts,
        sights=sights(found, grounds, satellites, stations, steps),
        low=np.clip(begin[numbers] - steps, 0, 1),
        high=np.clip(end[numbers] - steps, 0, 1),
    )


def _clearance(rows: Sights, station: Station, u: Floats) -> Floats:
    """Degrees above the limit at each place of each row; (rows, places)."""
    a, b, c, d = rows.arcs.coefficients[:, :, np.newaxis, :]
    x = u[..., np.newaxis]
    offset = a + x * (b + x * (c + x * d)) - rows.places[:, np.newaxis, :]
    axes = np.stack([rows.east, rows.north, rows.up], axis=-1)
    east, north, up = np.moveaxis(offset @ axes, -1, 0)
    elevation = np.degrees(np.arctan2(up, np.hypot(east, north)))
    azimuth = np.degrees(np.arctan2(east, north)) % 360
    return np.asarray(elevation - station.limit_deg(azimuth) + EDGE_DEG)


def _assembled(
    spans: Sequence[Pass], rows: _Steps, above: Truths, owners: Indices, edges_s: Floats
) -> list[Pass]:
    """The visible parts of each pass, from the times at which it shows and hides in turn."""
    bounds = np.searchsorted(owners, np.arange(len(spans) + 1))
    at_start, at_end = above[rows.firsts, 0], above[rows.lasts, -1]
    parts: list[Pass] = []
    for number, span in enumerate(spans):
        ends = edges_s[bounds[number] : bounds[number + 1]].tolist()
        if at_start[number]:
            ends.insert(0, span.start_s)
        if at_end[number]:
            ends.append(span.end_s)
        parts += [
            Pass(span.satellite, span.station, start_s, end_s)
            for start_s, end_s in zip(ends[::2], ends[1::2], strict=True)
            if start_s < end_s
        ]
    return parts
