import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perigee_lab.errors import LabError
from perigee_lab.play.due import Plan
from perigee_lab.play.plan_file import read_plan
from perigee_lab.play.windows import ALWAYS, Window

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

MANIFESTS = """
kind: InferenceModel
metadata: {name: cloud-mask}
---
kind: SatelliteNode
metadata: {name: polar-1}
spec:
  nodeName: sat-1
  orbit:
    contacts:
      - {start: 2026-03-01T12:00:10Z, end: 2026-03-01T12:01:40Z, every: 150, station: kiruna}
      - {start: 2026-03-01T12:02:00+01:00, end: 2026-03-01T12:03:00+01:00}
---
kind: List
items:
  - kind: SatelliteNode
    metadata: {name: sat-2}
    spec: {orbit: {fixed: {latitude: 48, longitude: 11}}}
---
"""


def plan_of(directory: Path, text: str) -> Plan:
    path = directory / "plan.yaml"
    path.write_text(text)
    return read_plan(path, START)


def test_windows_in_seconds_and_as_times(tmp_path: Path) -> None:
    text = """
    satellites:
      sat-1: [{start: 0, end: 90.5, every: 150}]
      sat-2:
        - {start: 2026-03-01T12:00:30Z, end: 2026-03-01 12:02:00}
        - {start: "2026-03-01T13:00:30+01:00", end: 45, every: 60, until: 2026-03-01T12:10:00Z}
      sat-3: []
    """
    assert plan_of(tmp_path, text) == {
        "sat-1": (Window(0, 90.5, 150),),
        "sat-2": (Window(30, 120), Window(30, 45, 60, 600)),
        "sat-3": (),
    }


def test_json(tmp_path: Path) -> None:
    text = json.dumps({"satellites": {"sat-1": [{"start": 1, "end": 2}]}}, indent="\t")
    assert plan_of(tmp_path, text.replace("\t", " ")) == {"sat-1": (Window(1, 2),)}


def test_manifests_as_perigee_is_given_them(tmp_path: Path) -> None:
    assert plan_of(tmp_path, MANIFESTS) == {
        "sat-1": (Window(10, 100, 150), Window(-3480, -3420)),
        "sat-2": ALWAYS,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has no satellite"),
        ("just words", "'just words' is no plan"),
        ("- 1", "'[1]' is no plan"),
        ("{", "cannot be read"),
        ("a: b: c", "cannot be read"),
        ("satellites: 3", "satellites: Input should be a valid dictionary"),
        ("satelites: {}", "satellites: Field required"),
        ("satellites: {a: [{start: 1}]}", "satellites.a.0.end: Field required"),
        ("satellites: {a: [{start: 1, end: soon}]}", "satellites.a.0.end: Value error"),
        ("satellites: {a: [{start: '1', end: 2}]}", "satellites.a.0.start: Value error"),
        ("satellites: {a: [{start: .nan, end: 2}]}", "neither seconds nor a time"),
        ("satellites: {a: [{start: yes, end: 2}]}", "neither seconds nor a time"),
        ("satellites: {a: [{start: 1, end: 2, ever: 3}]}", "satellites.a.0.ever: Extra inputs"),
        ("satellites: {a: [{start: 2, end: 2}]}", "a, window from 2.0: end must be later"),
        ("satellites: {a: [{start: 0, end: 20, every: 10}]}", "every must be at least as long"),
        ("satellites: {a: [{start: 0, end: 20, every: .nan}]}", "every must be at least as long"),
        ("satellites: {a: [{start: 0, end: 20, until: 10}]}", "until needs every"),
        ("satellites: {a: [{start: 9, end: 20, every: 99, until: 9}]}", "until must be later"),
        ("{satellites: {a: []}}\n---\n{satellites: {a: []}}", "two plans for a"),
        ("kind: SatelliteNode", "lacks 'spec'"),
        ("{kind: SatelliteNode, metadata: {name: a}, spec: 3}", "a SatelliteNode lacks"),
        (
            "{kind: SatelliteNode, metadata: {name: a}, spec: {orbit: {unknown: {}}}}",
            "a has no spec.orbit.contacts",
        ),
        (
            "{kind: SatelliteNode, metadata: {name: a}, spec: {orbit: {contacts: [{start: 1}]}}}",
            "contacts.0.end: Field required",
        ),
        ("kind: Pod", "it has no satellite"),
        ("{kind: List, items: 3}", "items of a List"),
    ],
)
def test_what_is_no_plan_is_said_in_words(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LabError) as failed:
        plan_of(tmp_path, text)
    assert message in str(failed.value)
    assert str(tmp_path / "plan.yaml") in str(failed.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be read"):
        read_plan(tmp_path / "none.yaml", START)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabError, match="cannot be read"):
        read_plan(tmp_path / "binary", START)
