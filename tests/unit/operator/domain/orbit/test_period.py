import pytest

from perigee_api.satellite_node import Orbit
from perigee_operator.domain.orbit.period import period_s

LINE1 = "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927"
LINE2 = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"
OMM = {
    "EPOCH": "2026-01-01T00:00:00Z",
    "MEAN_MOTION": 15.2,
    "ECCENTRICITY": 0.001,
    "INCLINATION": 97.5,
    "RA_OF_ASC_NODE": 10,
    "ARG_OF_PERICENTER": 20,
    "MEAN_ANOMALY": 30,
}


@pytest.mark.parametrize(
    ("orbit", "seconds"),
    [
        ({"tle": {"line1": LINE1, "line2": LINE2}}, 5496),
        ({"omm": OMM}, 5684),
        ({"fixed": {"latitude": 48, "longitude": 11}}, None),
        ({"tle": {"line1": LINE1, "line2": LINE2[:-1] + "0"}}, None),
    ],
    ids=["tle", "omm", "fixed", "damaged"],
)
def test_a_revolution(orbit: dict[str, object], seconds: int | None) -> None:
    assert period_s(Orbit.model_validate(orbit)) == seconds
