"""From satellites and stations to passes: when each is in sight of which."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sgp4.api import Satrec

from perigee_operator.domain.orbit.arrays import Floats, Indices
from perigee_operator.domain.orbit.crossings import Moments, moments
from perigee_operator.domain.orbit.horizon_line import above_horizon
from perigee_operator.domain.orbit.sight import Sky, sights_at, sky
from perigee_operator.domain.orbit.spans import Pass
from perigee_operator.domain.orbit.station import Sites, Station, sites
from perigee_operator.domain.orbit.track import Tracks, tracks


@dataclass(frozen=True, slots=True)
class Passes:
    """The passes of one satellite, and how far they are known."""

    found: tuple[Pass, ...]
    """In order of their start."""
    known_from_s: float
    known_until_s: float
    error: int
    """SGP4's error code if it can go no further than `known_until_s`; 0: it can."""


def passes(
    records: Sequence[Satrec], stations: Sequence[Station], since: datetime, until: datetime
) -> list[Passes]:
    """The passes of each satellite within a span of time, cut to it.

    A satellite that SGP4 cannot follow through the whole span has passes up to where it fails.
    """
    since_s, until_s = since.timestamp(), until.timestamp()
    found = tracks(records, since_s, until_s)
    known = [_known(found, number, since_s, until_s) for number in range(len(records))]
    spans: list[Pass] = []
    if stations:
        grounds = sites(stations)
        seen = sky(found, grounds)
        masks = np.sin(np.radians([station.spec.elevation_mask for station in stations]))
        crossings, extremes = moments(found, grounds, seen, masks)
        spans = _between(crossings, seen, masks, found, known)
        spans = [each for span in spans if (each := span.cut(*known[span.satellite][:2]))]
        spans = above_horizon(spans, stations, found, grounds)
        spans = _in_service(spans, stations, since, until)
        spans = _with_elevation(spans, extremes, found, grounds)
    by_satellite: list[list[Pass]] = [[] for _ in records]
    for each in spans:
        by_satellite[each.satellite].append(each)
    return [
        Passes(tuple(sorted(own, key=_start)), first, last, error)
        for own, (first, last, error) in zip(by_satellite, known, strict=True)
    ]


def _start(each: Pass) -> tuple[float, int]:
    return each.start_s, each.station


def _known(
    found: Tracks, satellite: int, since_s: float, until_s: float
) -> tuple[float, float, int]:
    """The first unbroken span of time in which SGP4 gives positions, and the error that ends it."""
    good = found.known[satellite]
    if good.all():
        return since_s, until_s, 0
    errors = found.errors[satellite]
    starts = np.flatnonzero(good)
    if not len(starts):
        return since_s, since_s, int(errors[0])
    first = int(starts[0])
    failures = np.flatnonzero(~good[first:])
    if not len(failures):
        return max(since_s, float(found.times_s[first])), until_s, 0
    failure = first + int(failures[0])
    last_s = float(found.times_s[failure - 1])
    first_s = max(since_s, float(found.times_s[first]))
    if last_s >= until_s:
        return first_s, until_s, 0
    return first_s, max(first_s, last_s), int(errors[failure])


def _between(
    crossings: Moments,
    seen: Sky,
    limits: Floats,
    found: Tracks,
    known: Sequence[tuple[float, float, int]],
) -> list[Pass]:
    """The spans between a rising and a setting; open ends are where knowledge ends."""
    stations = len(limits)
    keys = crossings.satellites * stations + crossings.stations
    bounds = np.searchsorted(keys, np.arange(len(known) * stations + 1))
    times, rising = crossings.times_s.tolist(), crossings.rising.tolist()
    spans: list[Pass] = []
    for satellite, (first_s, last_s, _) in enumerate(known):
        if first_s >= last_s:
            continue
        step = int(np.argmax(found.known[satellite]))
        up_at_first = seen.sines[satellite, step] >= limits
        for station in range(stations):
            low, high = bounds[satellite * stations + station : satellite * stations + station + 2]
            start_s = -math.inf if up_at_first[station] else None
            for row in range(low, high):
                if rising[row]:
                    start_s = times[row]
                elif start_s is not None:
                    spans.append(Pass(satellite, station, start_s, times[row]))
                    start_s = None
            if start_s is not None:
                spans.append(Pass(satellite, station, start_s, math.inf))
    return spans


def _in_service(
    spans: Iterable[Pass], stations: Sequence[Station], since: datetime, until: datetime
) -> list[Pass]:
    services = [station.service(since, until) for station in stations]
    return [
        each
        for span in spans
        for service in services[span.station]
        if (each := span.cut(*service)) is not None
    ]


def _with_elevation(
    spans: Sequence[Pass], extremes: Moments, found: Tracks, grounds: Sites
) -> list[Pass]:
    """The passes with their highest elevations: at a maximum within, or at one of their ends."""
    if not spans:
        return []
    satellites = np.array([span.satellite for span in spans])
    stations = np.array([span.station for span in spans])
    starts = np.array([span.start_s for span in spans])
    ends = np.array([span.end_s for span in spans])
    best = np.maximum(
        _sines(found, grounds, satellites, stations, starts),
        _sines(found, grounds, satellites, stations, ends),
    )
    keys = _keys(extremes.satellites, extremes.stations, extremes.times_s, found, grounds)
    first = np.searchsorted(keys, _keys(satellites, stations, starts, found, grounds))
    last = np.searchsorted(keys, _keys(satellites, stations, ends, found, grounds))
    for row, (low, high) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        if low < high:
            best[row] = max(best[row], extremes.sines[low:high].max())
    degrees = np.degrees(np.arcsin(np.clip(best, -1, 1))).tolist()
    return [
        Pass(span.satellite, span.station, span.start_s, span.end_s, elevation)
        for span, elevation in zip(spans, degrees, strict=True)
    ]


def _sines(
    found: Tracks, grounds: Sites, satellites: Indices, stations: Indices, times_s: Floats
) -> Floats:
    rows, u = sights_at(found, grounds, satellites, stations, times_s)
    return rows.sines(u)


def _keys(
    satellites: Indices, stations: Indices, times_s: Floats, found: Tracks, grounds: Sites
) -> Floats:
    """Numbers in the order of satellite, station and time."""
    length_s = float(found.times_s[-1] - found.times_s[0])
    pairs = satellites * len(grounds.places) + stations
    return np.asarray(pairs * length_s + (times_s - found.times_s[0]))
