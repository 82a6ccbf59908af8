from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.fleet import PaperFleet
from perigee_operator.domain import kinds
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.domain.orbit.contacts import Source
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.services.views.stations import station_view

PLACE = {"latitude": 78.2, "longitude": 15.4}
ELEMENTS = {
    "EPOCH": "2026-03-01T00:00:00",
    "MEAN_MOTION": 15.2,
    "ECCENTRICITY": 0.001,
    "INCLINATION": 97.5,
    "RA_OF_ASC_NODE": 10,
    "ARG_OF_PERICENTER": 20,
    "MEAN_ANOMALY": 30,
}


def item(spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "svalbard", "uid": "u", "resourceVersion": "1"}, "spec": spec}


def test_a_station() -> None:
    found = station_view(item({"place": PLACE, "elevationMask": 7}))
    assert (found.name, found.spec.elevation_mask) == ("svalbard", 7)


@pytest.mark.parametrize("spec", [None, {}, {"place": {"latitude": 91, "longitude": 0}}, "here"])
def test_a_station_that_makes_no_sense_is_left_out(spec: Any) -> None:
    with pytest.raises(UnviewableError, match="spec"):
        station_view(item(spec))


SERVICE = st.lists(
    st.fixed_dictionaries({"start": st.datetimes().map(str), "end": st.datetimes().map(str)})
)


@given(SERVICE)
def test_any_service_time_is_taken(service: list[dict[str, str]]) -> None:
    assert station_view(item({"place": PLACE, "service": service})).spec.service is not None


def test_contacts_wait_for_a_station_that_makes_sense() -> None:
    fleet = PaperFleet()
    fleet.add_satellite("sat-1", orbit={"omm": ELEMENTS})
    for name, spec, source in (
        ("nowhere", {}, Source.NO_STATION),
        ("svalbard", {"place": PLACE}, Source.PENDING),
    ):
        fleet.api.create(ObjectKey(kinds.GROUND_STATION, name), {"spec": spec})
        (view,) = fleet.snapshot().satellites
        assert view.contacts.source is source
