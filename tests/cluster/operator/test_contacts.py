"""Contacts of satellites that are given by their elements."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from perigee_operator.domain.kinds import GROUND_STATION
from played.access import Json
from played.field import Field, eventually


def low_orbit(**changed: object) -> Json:
    """Elements of today, over the poles."""
    epoch = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    return {
        "omm": {
            "EPOCH": epoch.isoformat(),
            "MEAN_MOTION": 15.2,
            "ECCENTRICITY": 0.001,
            "INCLINATION": 97.5,
            "RA_OF_ASC_NODE": 10,
            "ARG_OF_PERICENTER": 20,
            "MEAN_ANOMALY": 30,
            "BSTAR": 1e-5,
            **changed,
        }
    }


@pytest_asyncio.fixture
async def station(field: Field) -> AsyncIterator[str]:
    """So near the pole that every orbit passes, whatever the time of day."""
    name = f"{field.sky.namespace}-pole"
    spec = {"place": {"latitude": 89, "longitude": 15.4, "height": 0}}
    metadata = {"name": name, "labels": {"world": field.sky.world}}
    await field.access.create(GROUND_STATION, {"metadata": metadata, "spec": spec})
    yield name
    await field.access.delete(GROUND_STATION, name)


def finding(status: Json, type_: str) -> tuple[str, str] | None:
    conditions = {c["type"]: c for c in status.get("conditions") or ()}
    found = conditions.get(type_)
    return (found["status"], found["reason"]) if found else None


async def test_the_next_contact_is_computed_and_follows_the_station(
    field: Field, station: str
) -> None:
    one, old, bad = field.sky.satellites
    await field.add_satellites(one, orbit=low_orbit())
    await field.add_satellites(old, orbit=low_orbit(EPOCH="2025-01-01T00:00:00", BSTAR=0))
    await field.add_satellites(bad, orbit=low_orbit(MEAN_MOTION=17.9))
    status = await eventually(
        lambda: field.satellite_status(one), lambda found: bool(found.get("nextContact"))
    )
    assert finding(status, "OrbitValid") == ("True", "Valid")
    assert finding(status, "ContactsPredicted") == ("True", "Propagated")
    assert finding(status, "ElementsStale") == ("False", "Fresh")
    contact = status["nextContact"]
    assert contact["station"] == station
    assert 5 <= contact["maxElevation"] <= 90
    start, end = (datetime.fromisoformat(contact[key]) for key in ("start", "end"))
    assert timedelta() < end - start < timedelta(minutes=14)
    assert start < datetime.now(UTC) + timedelta(hours=3)

    status = await eventually(
        lambda: field.satellite_status(old), lambda found: bool(found.get("nextContact"))
    )
    assert finding(status, "ElementsStale") == ("True", "TooOld")
    status = await eventually(
        lambda: field.satellite_status(bad),
        lambda found: finding(found, "OrbitValid") not in {None, ("True", "Valid")},
    )
    assert finding(status, "ContactsPredicted") == ("False", "OrbitInvalid")

    await field.access.patch(GROUND_STATION, station, {"spec": {"outOfService": True}})
    await eventually(
        lambda: field.satellite_status(one), lambda found: not found.get("nextContact")
    )
    await field.access.patch(GROUND_STATION, station, {"spec": {"outOfService": False}})
    await eventually(
        lambda: field.satellite_status(one),
        lambda found: (found.get("nextContact") or {}).get("station") == station,
    )
