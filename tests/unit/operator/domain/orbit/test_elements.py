from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sgp4.api import Satrec

from paper_fleet.intents import EDGE_SITE
from perigee_api.orbit import Orbit
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.elements import Elements, elements_of, of_tle
from perigee_operator.domain.orbit.sgp4_record import record

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LINES = [
    line
    for line in (Path(__file__).parent / "real_elements.tle").read_text().splitlines()
    if line and not line.startswith("#")
]
SETS = list(zip(LINES[::2], LINES[1::2], strict=True))

OMM = {
    "NORAD_CAT_ID": 25544,
    "EPOCH": "2008-09-20T12:25:40.104192",
    "MEAN_MOTION": 15.72125391,
    "ECCENTRICITY": 0.0006703,
    "INCLINATION": 51.6416,
    "RA_OF_ASC_NODE": 247.4627,
    "ARG_OF_PERICENTER": 130.536,
    "MEAN_ANOMALY": 325.0288,
    "BSTAR": -1.1606e-05,
}
TLE = {
    "line1": "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "line2": "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
}


def found(**orbit: Any) -> Elements | Verdict | None:
    return elements_of(Orbit.model_validate(orbit), NOW)


def test_a_message_and_two_lines_say_the_same() -> None:
    message, lines = found(omm=OMM), found(tle=TLE)
    assert isinstance(message, Elements)
    assert message == lines


def test_an_orbit_without_elements_has_none() -> None:
    assert found(fixed=EDGE_SITE) is None


@pytest.mark.parametrize(
    ("orbit", "reason"),
    [
        ({"omm": OMM | {"EPOCH": "2026-03-30T00:00:00"}}, None),
        ({"omm": OMM | {"EPOCH": "2026-04-01T00:00:00Z"}}, "EpochAhead"),
        ({"tle": TLE | {"line1": TLE["line1"][:68] + "8"}}, "ChecksumWrong"),
    ],
)
def test_what_is_wrong_is_a_verdict(orbit: dict[str, Any], reason: str | None) -> None:
    verdict = found(**orbit)
    if reason is None:
        assert isinstance(verdict, Elements)
    else:
        assert isinstance(verdict, Verdict)
        assert (verdict.holds, verdict.reason) == (False, reason)
        assert "spec.orbit." in verdict.message


@pytest.mark.parametrize("lines", SETS, ids=lambda lines: lines[0][2:32])
def test_sgp4_goes_the_same_way_as_with_its_own_reading(lines: tuple[str, str]) -> None:
    own, theirs = record(of_tle(*lines)), Satrec.twoline2rv(*lines)
    days = np.full(20, theirs.jdsatepoch)
    parts = theirs.jdsatepochF + np.linspace(0, 2, 20)
    errors, places, _ = own.sgp4_array(days, parts)
    expected_errors, expected, _ = theirs.sgp4_array(days, parts)
    assert errors.tolist() == expected_errors.tolist()
    good = errors == 0
    # A microsecond of the epoch is worth some millimetres.
    np.testing.assert_allclose(places[good], expected[good], rtol=0, atol=1e-5)


@pytest.mark.parametrize("number", [339_999, 340_000, 799_999_999])
def test_catalogue_numbers_of_any_length(number: int) -> None:
    elements = found(omm=OMM | {"NORAD_CAT_ID": number})
    assert isinstance(elements, Elements)
    assert elements.number == number
    assert record(elements).error == 0
