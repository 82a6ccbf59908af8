"""A Walker constellation, and when it is in sight of the stations."""

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats
from perigee_operator.domain.orbit.earth import EQUATOR_KM
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.guard import EARTH_KM3_S2
from perigee_operator.domain.orbit.passes import passes
from perigee_operator.domain.orbit.sgp4_record import record
from perigee_operator.domain.orbit.spans import Pass
from perigee_operator.domain.orbit.station import Station
from perigee_operator.simulation.scenario import DAY_S, START, Scenario
from perigee_operator.simulation.spans import Spans, in_order

ECCENTRICITY: Final = 0.0005
PLANES_OVER_DEG: Final = 180.0
BATCH_DAYS: Final = 120
"""Satellites x days that are propagated together."""


def elements(scenario: Scenario) -> list[Elements]:
    """Those of the satellites, plane by plane.

    Source: J. G. Walker, Satellite constellations, Journal of the British Interplanetary Society
    37, 1984; as a star, with a phasing of one slot in all from plane to plane.
    """
    count, planes = scenario.in_orbit, scenario.planes
    slots = math.ceil(count / planes)
    semi_major_km = EQUATOR_KM + scenario.altitude_km
    motion = math.sqrt(EARTH_KM3_S2 / semi_major_km**3) * DAY_S / (2 * math.pi)
    return [
        Elements(
            number=0,
            epoch=START,
            inclination_deg=scenario.inclination_deg,
            node_deg=plane_of(number, scenario) * PLANES_OVER_DEG / planes,
            eccentricity=ECCENTRICITY,
            perigee_deg=0.0,
            anomaly_deg=(360.0 * (number % slots) / slots + 360.0 * (number // slots) / count)
            % 360,
            mean_motion=motion,
            bstar=0.0,
        )
        for number in range(count)
    ]


def plane_of(number: int, scenario: Scenario) -> int:
    """Which plane a satellite flies in."""
    return number // math.ceil(scenario.in_orbit / scenario.planes)


def sightings(
    constellation: Sequence[Elements], stations: Sequence[Station], days: float
) -> Iterator[Spans]:
    """When each satellite is truly in sight of which station, in seconds since `START`."""
    records = [record(each) for each in constellation]
    size = max(1, int(BATCH_DAYS / days))
    for first in range(0, len(records), size):
        batch = records[first : first + size]
        for found in passes(batch, stations, START, START + timedelta(days=days)):
            yield _spans(found.found)


def _spans(found: Sequence[Pass]) -> Spans:
    origin_s = START.timestamp()
    starts: Floats = np.array([each.start_s for each in found]) - origin_s
    ends: Floats = np.array([each.end_s for each in found]) - origin_s
    return in_order(starts, ends, np.array([each.station for each in found], dtype=np.intp))
