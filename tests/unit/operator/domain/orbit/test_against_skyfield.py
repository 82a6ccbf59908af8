"""Passes of real satellites, as an independent library sees them.

The library gives elevations; the test finds rise and set in them by itself, by halving.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from skyfield.api import EarthSatellite, load, wgs84
from skyfield.timelib import Time

from perigee_api.ground_station import GroundStationSpec
from perigee_operator.domain.orbit.elements import of_tle
from perigee_operator.domain.orbit.passes import Passes, passes
from perigee_operator.domain.orbit.sgp4_record import record
from perigee_operator.domain.orbit.station import Station

LINES = [
    line
    for line in (Path(__file__).parent / "real_elements.tle").read_text().splitlines()
    if line and not line.startswith("#")
]
SETS = list(zip(LINES[::2], LINES[1::2], strict=True))
PLACES = {
    "svalbard": (78.23, 15.39, 480.0, 3.0),
    "weilheim": (47.88, 11.08, 560.0, 10.0),
    "singapore": (1.35, 103.82, 15.0, 5.0),
    "santiago": (-33.15, -70.67, 730.0, 0.0),
}
"""Latitude, longitude, height in m, mask in degrees."""
STATIONS = [
    Station(
        name,
        GroundStationSpec.model_validate(
            {
                "place": {"latitude": latitude, "longitude": longitude, "height": height},
                "elevationMask": mask,
            }
        ),
    )
    for name, (latitude, longitude, height, mask) in PLACES.items()
]
SPAN = timedelta(days=1)
SAMPLE_S = 45.0
HALVINGS = 12
WITHIN_S = 1.0
WITHIN_DEG = 0.01
SLOW_DEG_S = 0.01


TIMESCALE = load.timescale(builtin=True)


def moments(begin: datetime, seconds: NDArray[np.float64]) -> Time:
    """So many seconds after a moment."""
    second = begin.second + begin.microsecond / 1e6 + seconds
    return TIMESCALE.utc(begin.year, begin.month, begin.day, begin.hour, begin.minute, second)


class Library:
    """One satellite over one station, by skyfield."""

    def __init__(
        self, lines: tuple[str, str], place: tuple[float, float, float, float], begin: datetime
    ) -> None:
        latitude, longitude, height, self._mask = place
        ground = wgs84.latlon(latitude, longitude, elevation_m=height)
        self._sight = EarthSatellite(*lines, ts=TIMESCALE) - ground
        self._begin = begin

    def clearance_deg(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Elevation above the mask, so many seconds after the beginning."""
        return self._clearance_deg(moments(self._begin, seconds))

    def _clearance_deg(self, at: Time) -> NDArray[np.float64]:
        altitude, _, _ = self._sight.at(at).altaz()
        return np.asarray(altitude.degrees - self._mask)

    def crossings(self, samples: NDArray[np.float64], at: Time) -> list[tuple[float, bool]]:
        """Seconds after the beginning at which the mask is crossed, and whether upwards."""
        above = self._clearance_deg(at) >= 0
        steps = np.flatnonzero(above[:-1] != above[1:])
        low, high = samples[steps], samples[steps + 1]
        for _ in range(HALVINGS if len(steps) else 0):
            middle = (low + high) / 2
            before = (self.clearance_deg(middle) >= 0) == above[steps + 1]
            low, high = np.where(before, low, middle), np.where(before, middle, high)
        return list(zip(high.tolist(), above[steps + 1].tolist(), strict=True))


@cache
def ours(index: int) -> tuple[datetime, Passes]:
    elements = of_tle(*SETS[index])
    begin = elements.epoch + timedelta(seconds=7)
    (found,) = passes([record(elements)], STATIONS, begin, begin + SPAN)
    return begin, found


def edges(index: int, number: int) -> Iterator[tuple[float, bool]]:
    """Our crossings at one station, in seconds after the beginning."""
    begin, found = ours(index)
    begin_s = begin.timestamp()
    for each in found.found:
        if each.station == number:
            if each.start_s > found.known_from_s:
                yield each.start_s - begin_s, True
            if each.end_s < found.known_until_s:
                yield each.end_s - begin_s, False


def agree(library: Library, mine: float, theirs: float) -> bool:
    """Within a second, or within 0.01 degrees of the mask where it changes slowly."""
    if abs(mine - theirs) <= WITHIN_S:
        return True
    off, later = library.clearance_deg(np.array([mine, mine + 1.0]))
    return bool(abs(later - off) < SLOW_DEG_S and abs(off) <= WITHIN_DEG)


@pytest.mark.parametrize("index", range(len(SETS)), ids=lambda index: SETS[index][0][2:32])
def test_rise_and_set_agree(index: int) -> None:
    begin, found = ours(index)
    length_s = found.known_until_s - begin.timestamp()
    samples = np.arange(0, length_s + SAMPLE_S, SAMPLE_S)
    at = moments(begin, samples)
    for number, place in enumerate(PLACES.values()):
        library = Library(SETS[index], place, begin)
        mine = list(edges(index, number))
        theirs = [c for c in library.crossings(samples, at) if c[0] < length_s]
        # What is shorter than the test's own samples, it may have missed.
        if len(mine) != len(theirs):
            mine = list(without_short(mine))
            theirs = list(without_short(theirs))
        assert [rising for _, rising in mine] == [rising for _, rising in theirs]
        for (at_s, _), (expected_s, _) in zip(mine, theirs, strict=True):
            assert agree(library, at_s, expected_s), (place, at_s, expected_s)


def without_short(crossings: list[tuple[float, bool]]) -> Iterator[tuple[float, bool]]:
    """Crossings that are no less than two samples away from their neighbours."""
    for number, (at_s, rising) in enumerate(crossings):
        others = crossings[max(0, number - 1) : number] + crossings[number + 1 : number + 2]
        if all(abs(at_s - other) > 2 * SAMPLE_S for other, _ in others):
            yield at_s, rising


def test_there_are_enough_of_them_and_of_all_kinds() -> None:
    found = [ours(index)[1] for index in range(len(SETS))]
    assert sum(len(each.found) for each in found) >= 200
    endless = [
        p for each in found for p in each.found if p.end_s - p.start_s >= SPAN.total_seconds()
    ]
    assert len(endless) >= 5, "geostationary ones never set"
    assert sum(each.error == 6 for each in found) >= 2, "some decay"
    long = [p for each in found for p in each.found if 4 * 3600 < p.end_s - p.start_s < 86_000]
    assert len(long) >= 5, "highly elliptical ones stay for hours"


def test_a_day_is_what_was_looked_at() -> None:
    assert all(
        each.known_until_s - each.known_from_s <= SPAN.total_seconds()
        for each in (ours(index)[1] for index in range(len(SETS)))
    )
