from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from paper_fleet.intents import EDGE_SITE, contact
from paper_fleet.views import at, contacts_of
from perigee_api.orbit import Orbit
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.contacts import (
    ALWAYS,
    NO_STATION,
    PENDING,
    UNKNOWN,
    Contacts,
    Source,
    nothing,
)
from perigee_operator.domain.orbit.validity import orbit_validity, prediction, staleness

ISS = {
    "line1": "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "line2": "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
}
BAD = Verdict(holds=False, reason="Decayed", message="It has decayed.")
COMPUTED = Contacts((), at(0), at(100), Source.PROPAGATED)


@pytest.mark.parametrize(
    ("orbit", "contacts", "reason"),
    [
        ({"fixed": EDGE_SITE}, ALWAYS, "Valid"),
        ({"unknown": {}}, UNKNOWN, "OrbitUnknown"),
        ({"unknown": {}, "fixed": EDGE_SITE}, ALWAYS, "Valid"),
        ({"tle": ISS}, PENDING, "Valid"),
        ({"tle": ISS}, NO_STATION, "Valid"),
        ({"tle": ISS}, nothing(Source.PROPAGATED, BAD), "Decayed"),
        ({"tle": ISS}, replace(COMPUTED, error=BAD), "Valid"),
        ({"tle": ISS}, replace(COMPUTED, error=BAD, known_until=at(50)), "Decayed"),
    ],
)
def test_whether_an_orbit_is_believed(
    orbit: dict[str, Any], contacts: Contacts, reason: str
) -> None:
    verdict = orbit_validity(Orbit.model_validate(orbit), contacts, at(60))
    assert verdict.reason == reason
    assert verdict.holds is (reason == "Valid")


def test_what_will_end_is_told_before() -> None:
    verdict = orbit_validity(
        Orbit.model_validate({"tle": ISS}), replace(COMPUTED, error=BAD), at(60)
    )
    assert verdict.message == "It has decayed."


def planned(**validity: Any) -> Contacts:
    plan = {"contacts": [contact(0, 10, every=100)], "validity": validity}
    return contacts_of(Orbit.model_validate(plan))


@pytest.mark.parametrize(
    ("contacts", "holds", "reason"),
    [
        (ALWAYS, True, "Planned"),
        (planned(), True, "Planned"),
        (planned(end=at(60).isoformat()), False, "OutsideValidity"),
        (planned(start=at(61).isoformat()), False, "OutsideValidity"),
        (planned(start=at(60).isoformat(), end=at(61).isoformat()), True, "Planned"),
        (COMPUTED, True, "Propagated"),
        (PENDING, None, "Pending"),
        (replace(COMPUTED, known_until=at(50)), None, "Pending"),
        (replace(COMPUTED, known_until=at(50), error=BAD), False, "OrbitInvalid"),
        (nothing(Source.PROPAGATED, BAD), False, "OrbitInvalid"),
        (NO_STATION, False, "NoGroundStation"),
        (UNKNOWN, False, "OrbitUnknown"),
    ],
)
def test_whether_contacts_are_predicted(
    *, contacts: Contacts, holds: bool | None, reason: str
) -> None:
    verdict = prediction(contacts, at(60))
    assert (verdict.holds, verdict.reason) == (holds, reason)
    assert bool(verdict.message) is not (holds is True)


def test_old_elements_are_stale_from_a_moment_on() -> None:
    contacts = replace(COMPUTED, epoch=at(0), stale_from=at(0) + timedelta(days=14))
    fresh = staleness(contacts, at(0))
    assert fresh is not None
    assert fresh.holds is False
    stale = staleness(contacts, at(0) + timedelta(days=14))
    assert stale is not None
    assert stale.holds is True
    assert "2026-03-01, more than 14 days ago" in stale.message
    assert staleness(ALWAYS, at(0)) is None
