"""Files of orbital elements, sound and not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.orbit.elements import Elements, of_omm, of_tle
from perigee_operator.formats.read import read
from perigee_operator.formats.record import Fault, Record

LINE1 = "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927"
LINE2 = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"
DAMAGED = LINE1[:68] + "8"

MESSAGE: dict[str, Any] = {
    "OBJECT_NAME": "ISS (ZARYA)",
    "OBJECT_ID": "1998-067A",
    "EPOCH": "2008-09-20T12:25:40.104192",
    "MEAN_MOTION": 15.72125391,
    "ECCENTRICITY": 0.0006703,
    "INCLINATION": 51.6416,
    "RA_OF_ASC_NODE": 247.4627,
    "ARG_OF_PERICENTER": 130.536,
    "MEAN_ANOMALY": 325.0288,
    "EPHEMERIS_TYPE": 0,
    "CLASSIFICATION_TYPE": "U",
    "NORAD_CAT_ID": 25544,
    "ELEMENT_SET_NO": 292,
    "REV_AT_EPOCH": 56353,
    "BSTAR": -1.1606e-05,
    "MEAN_MOTION_DOT": -2.182e-05,
    "MEAN_MOTION_DDOT": 0,
}

KVN = """CCSDS_OMM_VERS = 3.0
COMMENT in the order of the standard
CREATION_DATE = 2008-09-20T14:00:00
ORIGINATOR = somebody
OBJECT_NAME = ISS (ZARYA)
OBJECT_ID = 1998-067A
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
MEAN_ELEMENT_THEORY = SGP/SGP4
EPOCH = 2008-09-20T12:25:40.104192
MEAN_MOTION = 15.72125391 [rev/day]
ECCENTRICITY = 0.0006703
INCLINATION = 51.6416 [deg]
RA_OF_ASC_NODE = 247.4627 [deg]
ARG_OF_PERICENTER = 130.5360 [deg]
MEAN_ANOMALY = 325.0288 [deg]
NORAD_CAT_ID = 25544
BSTAR = -0.11606e-4 [1/ER]
MEAN_MOTION_DOT = -0.00002182 [rev/day**2]
"""


def xml(**changed: str) -> str:
    fields = {key: str(value) for key, value in MESSAGE.items()} | changed
    leaves = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ndm xmlns:xsi="http://www.w3.org/2001/'
        'XMLSchema-instance"><omm id="CCSDS_OMM_VERS" version="2.0"><body><segment><metadata>'
        "<REF_FRAME>TEME</REF_FRAME></metadata><data><meanElements>"
        f"{leaves}</meanElements></data></segment></body></omm></ndm>"
    )


def elements_in(text: str) -> Elements:
    (found,) = read(text, "f")
    assert isinstance(found, Record), found
    if found.orbit.omm is not None:
        return of_omm(found.orbit.omm)
    assert found.orbit.tle is not None
    return of_tle(found.orbit.tle.line1, found.orbit.tle.line2)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([MESSAGE]),
        json.dumps(MESSAGE),
        "\ufeff\n" + json.dumps([MESSAGE]),
        json.dumps([{key: str(value) for key, value in MESSAGE.items()}]),
        json.dumps([MESSAGE | {"DECAY_DATE": None, "SITE": "", "PERIAPSIS": "340.1"}]),
        xml(),
        xml().replace("<omm ", '<omm xmlns="urn:x" '),
        KVN,
        KVN.replace("\n", "\r\n"),
        f"{LINE1}\n{LINE2}\n",
        f"ISS (ZARYA)             \r\n{LINE1}\r\n{LINE2}\r\n",
        f"# a remark\n0 ISS (ZARYA)\n{LINE1}\n{LINE2}",
    ],
)
def test_every_format_says_the_same(text: str) -> None:
    assert elements_in(text) == of_tle(LINE1, LINE2)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (json.dumps([MESSAGE, MESSAGE | {"OBJECT_NAME": "B"}]), ["ISS (ZARYA)", "B"]),
        (KVN + KVN.replace("ISS (ZARYA)", "B"), ["ISS (ZARYA)", "B"]),
        (f"A\n{LINE1}\n{LINE2}\n{LINE1}\n{LINE2}\n0 C\n{LINE1}\n{LINE2}\n", ["A", "", "C"]),
        (f"1ST SAT\n{LINE1}\n{LINE2}\n", ["1ST SAT"]),
    ],
)
def test_several_in_one_file(text: str, names: list[str]) -> None:
    found = list(read(text, "f"))
    assert all(isinstance(each, Record) for each in found), found
    assert [each.name for each in found if isinstance(each, Record)] == names


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["f: there is nothing in it"]),
        ("[]", ["f: there is no message in it"]),
        ("[1]", ["f, record 1: is int"]),
        ('{"a": ', ["f: is not JSON"]),
        ("[" * 100_000, ["f: is no"]),
        (
            json.dumps([{key: v for key, v in MESSAGE.items() if key != "EPOCH"}]),
            ["f, record 1 (ISS (ZARYA)): EPOCH: Field required"],
        ),
        (
            json.dumps([MESSAGE, MESSAGE | {"ECCENTRICITY": 1.5, "INCLINATION": "much"}]),
            ["f, record 2 (ISS (ZARYA)): ECCENTRICITY: Input should be less than 1, not 1.5; INCL"],
        ),
        (json.dumps(MESSAGE | {"REF_FRAME": "EME2000"}), ["REF_FRAME is EME2000; only TEME"]),
        (json.dumps(MESSAGE | {"MEAN_ELEMENT_THEORY": "DSST"}), ["MEAN_ELEMENT_THEORY is DSST"]),
        (json.dumps(MESSAGE | {"EPOCH": []}), ["EPOCH: "]),
        (
            json.dumps(MESSAGE | {"EPOCH": "0001-01-01T00:00:00+05:00"}),
            ["EPOCH: Value error, lies outside of the calendar"],
        ),
        ("<omm", ["f: is not XML"]),
        ("<ndm></ndm>", ["f: there is no element omm in it"]),
        (
            '<!DOCTYPE x [<!ENTITY a "b">]><omm>&a;</omm>',
            ["f: is XML that is not read for safety"],
        ),
        (xml(MEAN_MOTION="fast"), ["f, record 1 (ISS (ZARYA)): MEAN_MOTION: "]),
        (KVN + "nonsense\n", ["f, line 21: is no keyword with a value: 'nonsense'"]),
        (KVN.replace("MEAN_MOTION = ", "SEMI_MAJOR_AXIS = "), ["MEAN_MOTION: Field required"]),
        (f"A\n{DAMAGED}\n{LINE2}", ["f, lines 2 and 3 (A): line1 ends in checksum 8"]),
        (f"{LINE1}\n", ["f, line 1: is a first line with no second after it"]),
        (f"{LINE1}\n{LINE1}\n{LINE2}", ["f, line 1: is a first line with no second after it"]),
        (f"{LINE2}\n", ["f, line 1: is a second line with no first line before it"]),
        ("hello\nworld\n", ["f, line 2: neither elements", "f: no elements follow 'world'"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_field(text: str, faults: list[str]) -> None:
    found = [str(each) for each in read(text, "f") if isinstance(each, Fault)]
    assert len(found) == len(faults), found
    for said, expected in zip(found, faults, strict=True):
        assert expected in said


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([MESSAGE | {"ECCENTRICITY": 7}, MESSAGE, 3]),
        KVN.replace("EPOCH = ", "EPOCH = x") + KVN,
        f"A\n{DAMAGED}\n{LINE2}\nB\n{LINE1}\n{LINE2}\nC\n{LINE1}\n",
    ],
)
def test_the_others_are_read_all_the_same(text: str) -> None:
    found = list(read(text, "f"))
    assert sum(isinstance(each, Record) for each in found) == 1
    assert any(isinstance(each, Fault) for each in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted(MESSAGE)) | st.text(max_size=3), inner)
    ),
    max_leaves=20,
)


@given(st.text(max_size=200) | JSON.map(json.dumps) | JSON.map(lambda x: json.dumps([x, MESSAGE])))
def test_any_file_is_read_or_refused(text: str) -> None:
    for each in read(text, "f"):
        assert isinstance(each, Record | Fault)
