"""Elements and stations that tests name in short."""

from datetime import UTC, datetime
from typing import Any

from perigee_api.ground_station import GroundStationSpec
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.station import Station

EPOCH = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def elements(**more: Any) -> Elements:
    """A satellite in low orbit, unless said otherwise."""
    given = {
        "number": 99,
        "epoch": EPOCH,
        "inclination_deg": 53.0,
        "node_deg": 10.0,
        "eccentricity": 0.001,
        "perigee_deg": 20.0,
        "anomaly_deg": 30.0,
        "mean_motion": 15.2,
        "bstar": 1e-5,
    }
    return Elements(**{**given, **more})


def station(
    name: str = "weilheim", latitude: float = 47.88, longitude: float = 11.08, **more: Any
) -> Station:
    """A station; other fields of its spec as the API names them."""
    place = {"latitude": latitude, "longitude": longitude, "height": 560}
    return Station(name, GroundStationSpec.model_validate({"place": place, **more}))
