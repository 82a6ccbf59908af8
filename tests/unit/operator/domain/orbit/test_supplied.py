from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import START, contact
from paper_fleet.orbits import station
from paper_fleet.views import at, window
from perigee_api.satellite_node import Orbit
from perigee_operator.domain.orbit.contacts import ALWAYS, UNKNOWN
from perigee_operator.domain.orbit.supplied import supplied_contacts

Span = tuple[float, float]


def orbit(**given_as: Any) -> Orbit:
    return Orbit.model_validate(given_as)


@pytest.mark.parametrize(
    ("plan", "since", "until", "expected"),
    [
        (contact(10, 30), 0, 100, [(10, 30)]),
        (contact(10, 30), 30, 100, []),
        (contact(10, 30), 29, 100, [(10, 30)]),
        (contact(10, 30), 0, 10, []),
        (contact(10, 30), 0, 11, [(10, 30)]),
        (contact(10, 30, every=100), 0, 300, [(10, 30), (110, 130), (210, 230)]),
        (contact(10, 30, every=100), 130, 300, [(210, 230)]),
        (contact(10, 30, every=100), 129, 300, [(110, 130), (210, 230)]),
        (contact(10, 30, every=100), 1_000_029, 1_000_031, [(1_000_010, 1_000_030)]),
        (contact(10, 30, every=100), -500, 0, []),
        (contact(10, 30, every=20), 35, 71, [(30, 50), (50, 70), (70, 90)]),
        (contact(10, 30, every=100, until=at(200).isoformat()), 0, 1000, [(10, 30), (110, 130)]),
        (contact(10, 30, every=100, until=at(110).isoformat()), 0, 1000, [(10, 30)]),
    ],
)
def test_a_supplied_contact_and_its_repetitions(
    plan: dict[str, Any], since: float, until: float, expected: list[Span]
) -> None:
    found = supplied_contacts(orbit(contacts=[plan]), at(since), at(until)).windows
    assert found == tuple(window(*span) for span in expected)


def test_contacts_of_several_stations_come_in_order() -> None:
    plans = [contact(0, 20, every=100, station="a"), contact(50, 60, every=70, station="b")]
    found = supplied_contacts(orbit(contacts=plans), at(0), at(200)).windows
    assert [w.station for w in found] == ["a", "b", "a", "b", "b"]
    assert [w.start for w in found] == sorted(w.start for w in found)


def test_elevation_and_station_stay_with_the_contact() -> None:
    plan = contact(0, 20, station="kiruna", maxElevation=42)
    (found,) = supplied_contacts(orbit(contacts=[plan]), at(0), at(10)).windows
    assert (found.station, found.max_elevation_deg) == ("kiruna", 42)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({}, [(0, 50), (100, 150), (200, 250)]),
        ({"outOfService": True}, []),
        ({"outages": [contact(20, 30)]}, [(0, 20), (30, 50), (100, 150), (200, 250)]),
        ({"outages": [contact(-9, 110)]}, [(110, 150), (200, 250)]),
        ({"service": [contact(140, 220)]}, [(140, 150), (200, 220)]),
        ({"service": [contact(10, 20, every=100)]}, [(10, 20), (110, 120), (210, 220)]),
        ({"service": [contact(50, 100)]}, []),
        ({"service": [contact(0, 100)], "outages": [contact(0, 40)]}, [(40, 50)]),
    ],
)
def test_a_contact_is_cut_by_the_service_of_its_station(
    service: dict[str, Any], expected: list[Span]
) -> None:
    plan = orbit(contacts=[contact(0, 50, every=100, station="kiruna", maxElevation=42)])
    stations = [station("svalbard", outOfService=True), station("kiruna", **service)]
    found = supplied_contacts(plan, at(0), at(300), stations)
    assert found.windows == tuple(
        window(*span, station="kiruna", max_elevation_deg=42) for span in expected
    )
    assert (found.known_from, found.known_until) == (at(0), at(300))


def test_a_contact_that_begins_before_what_is_asked_for_is_cut_there_too() -> None:
    plan = orbit(contacts=[contact(0, 50, station="kiruna")])
    stations = [station("kiruna", outages=[contact(10, 20)])]
    found = supplied_contacts(plan, at(40), at(45), stations).windows
    assert found == (window(20, 50, station="kiruna"),)


def test_a_contact_of_no_known_station_stays() -> None:
    plan = orbit(contacts=[contact(0, 50), contact(60, 80, station="theirs")])
    found = supplied_contacts(plan, at(0), at(300), [station("kiruna", outOfService=True)])
    assert found.windows == (window(0, 50), window(60, 80, station="theirs"))


def test_an_edge_site_is_always_in_contact() -> None:
    found = supplied_contacts(orbit(fixed={"latitude": 1, "longitude": 2}), at(0), at(100))
    assert found is ALWAYS
    assert found.windows[0].contains(at(-1_000_000))


def test_nothing_is_predicted_where_nothing_is_known() -> None:
    assert supplied_contacts(orbit(unknown={}), at(0), at(100)) is UNKNOWN


@pytest.mark.parametrize(
    ("validity", "expected", "known"),
    [
        ({}, [(10, 30), (110, 130), (210, 230)], (0, 300)),
        ({"start": at(100).isoformat()}, [(110, 130), (210, 230)], (100, 300)),
        ({"end": at(120).isoformat()}, [(10, 30), (110, 130)], (0, 120)),
        ({"start": at(-900).isoformat(), "end": at(-100).isoformat()}, [], (0, -100)),
    ],
)
def test_outside_of_its_validity_a_plan_says_nothing(
    validity: dict[str, str], expected: list[Span], known: Span
) -> None:
    plan = orbit(contacts=[contact(10, 30, every=100)], validity=validity)
    found = supplied_contacts(plan, at(0), at(300))
    assert found.windows == tuple(window(*span) for span in expected)
    assert (found.known_from, found.known_until) == tuple(map(at, known))


@given(
    begins=st.integers(-10_000, 10_000),
    length=st.integers(1, 50),
    every=st.integers(50, 500),
    since=st.integers(-20_000, 20_000),
    span=st.integers(1, 5_000),
)
def test_repetitions_are_those_that_overlap(
    *, begins: int, length: int, every: int, since: int, span: int
) -> None:
    plan = contact(begins, begins + length, every=every)
    found = supplied_contacts(orbit(contacts=[plan]), at(since), at(since + span)).windows
    expected = [
        window(start, start + length)
        for start in range(begins, since + span, every)
        if start + length > since
    ]
    assert list(found) == expected
    assert all((w.start - START - timedelta(seconds=begins)).total_seconds() >= 0 for w in found)
