from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import START, contact
from paper_fleet.orbits import station
from paper_fleet.views import at
from perigee_operator.domain.orbit.station import Span, united

HILLS = [
    {"azimuth": 10, "elevation": 20},
    {"azimuth": 90, "elevation": 4},
    {"azimuth": 350, "elevation": 10},
]
START_S = START.timestamp()


@pytest.mark.parametrize(
    ("azimuth", "limit"),
    [
        (10, 20),
        (50, 12),
        (90, 6),
        (220, 7),
        (350, 10),
        (0, 15),
        (355, 12.5),
        (5, 17.5),
        (359.9, 14.95),
    ],
)
def test_the_horizon_runs_straight_between_its_points_and_through_north(
    azimuth: float, limit: float
) -> None:
    site = station(elevationMask=6, horizon=HILLS)
    assert site.limit_deg(np.array([azimuth]))[0] == pytest.approx(limit)


def test_without_a_horizon_the_mask_is_the_limit() -> None:
    site = station(elevationMask=6)
    assert site.limit_deg(np.array([0.0, 90.0])).tolist() == [6, 6]
    assert not site.has_horizon


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, [(0, 1000)]),
        ({"outOfService": True}, []),
        ({"service": [contact(-50, 100), contact(300, 400)]}, [(0, 100), (300, 400)]),
        ({"service": [contact(0, 100, every=400)]}, [(0, 100), (400, 500), (800, 900)]),
        ({"service": [contact(0, 100), contact(50, 200), contact(200, 300)]}, [(0, 300)]),
        ({"service": [contact(2000, 3000)]}, []),
        ({"outages": [contact(100, 200)]}, [(0, 100), (200, 1000)]),
        ({"outages": [contact(-100, 200), contact(900, 2000)]}, [(200, 900)]),
        ({"outages": [contact(-100, 2000)]}, []),
        (
            {"service": [contact(0, 500)], "outages": [contact(100, 200), contact(450, 600)]},
            [(0, 100), (200, 450)],
        ),
    ],
)
def test_the_times_in_service(spec: dict[str, Any], expected: list[tuple[float, float]]) -> None:
    found = station(**spec).service(at(0), at(1000))
    assert [(a - START_S, b - START_S) for a, b in found] == expected


SPANS = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 30)).map(
        lambda given: (float(given[0]), float(given[0] + given[1]))
    ),
    max_size=8,
)


@given(SPANS)
def test_united_spans_are_the_same_time_in_order(spans: list[Span]) -> None:
    found = united(spans)
    assert all(first[1] < second[0] for first, second in pairwise(found))
    for moment in range(140):
        assert any(a <= moment < b for a, b in spans) == any(a <= moment < b for a, b in found)


@given(service=SPANS, outages=SPANS)
def test_in_service_is_within_service_and_outside_of_outages(
    service: list[Span], outages: list[Span]
) -> None:
    site = station(
        service=[contact(a, b) for a, b in service], outages=[contact(a, b) for a, b in outages]
    )
    found = site.service(START, START + timedelta(seconds=100))
    for moment in range(100):
        expected = not service or any(a <= moment < b for a, b in service)
        expected = expected and not any(a <= moment < b for a, b in outages)
        assert any(a - START_S <= moment < b - START_S for a, b in found) == expected
