"""What a ground station can see, and when it looks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from perigee_api.ground_station import GroundStationSpec
from perigee_operator.domain.orbit.arrays import Floats
from perigee_operator.domain.orbit.earth import directions, site
from perigee_operator.domain.orbit.repetition import repetitions

Span = tuple[float, float]
"""From and until, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Station:
    """A GroundStation."""

    name: str
    spec: GroundStationSpec

    @property
    def has_horizon(self) -> bool:
        """Its limit depends on the direction."""
        return bool(self.spec.horizon)

    def limit_deg(self, azimuth_deg: Floats) -> Floats:
        """Elevation from which it sees, by azimuth: the mask or the horizon, what is higher."""
        if not self.spec.horizon:
            return np.full_like(azimuth_deg, self.spec.elevation_mask)
        points = self.spec.horizon
        heights = np.interp(
            azimuth_deg,
            [point.azimuth for point in points],
            [point.elevation for point in points],
            period=360,
        )
        return np.maximum(heights, self.spec.elevation_mask)

    def service(self, since: datetime, until: datetime) -> tuple[Span, ...]:
        """The times within a span in which it is in service, in order, and none touches another."""
        if self.spec.out_of_service:
            return ()
        whole = (since.timestamp(), until.timestamp())
        given = [whole]
        if self.spec.service:
            given = united(span for s in self.spec.service for span in repetitions(s, since, until))
        outages = united(span for o in self.spec.outages for span in repetitions(o, since, until))
        return tuple(_without(_within(given, whole), outages))


@dataclass(frozen=True, slots=True)
class Sites:
    """Stations as arrays: places (km) and unit vectors up, north and east; (stations, 3) each."""

    places: Floats
    east: Floats
    north: Floats
    up: Floats


def sites(stations: Sequence[Station]) -> Sites:
    """Where stations are."""
    grounds = [station.spec.place for station in stations]
    axes = np.array([directions(place.latitude, place.longitude) for place in grounds])
    places = np.array([site(place.latitude, place.longitude, place.height) for place in grounds])
    return Sites(places, axes[:, 0], axes[:, 1], axes[:, 2])


def united(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans in order, of which none overlaps or touches another."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _within(spans: Iterable[Span], whole: Span) -> list[Span]:
    cut = ((max(start, whole[0]), min(end, whole[1])) for start, end in spans)
    return [(start, end) for start, end in cut if start < end]


def _without(spans: Iterable[Span], gaps: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in spans:
        begin = start
        for gap_start, gap_end in gaps:
            if gap_end <= begin or gap_start >= end:
                continue
            if gap_start > begin:
                found.append((begin, gap_start))
            begin = max(begin, gap_end)
        if begin < end:
            found.append((begin, end))
    return found
