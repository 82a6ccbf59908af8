from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.supervisor.policy import Course, Retreat
from perigee_edge.supervisor.record import (
    Record,
    RecordError,
    RecordFile,
    decode,
    encode,
    taken_up,
)

COURSES = st.builds(
    Course,
    verified=st.booleans(),
    confirmed=st.booleans(),
    ends=st.lists(st.floats(0, 1e9), max_size=3).map(tuple),
    retreat=st.none() | st.builds(Retreat, st.text(max_size=20), st.text(max_size=100)),
    fallback_unfit=st.booleans(),
)
RECORDS = st.builds(Record, st.text(max_size=8), st.text(max_size=8), st.booleans(), COURSES)
RECORD = Record(
    "new",
    "boot-1",
    running=True,
    course=Course(verified=True, ends=(1.0,), retreat=Retreat("CrashLoop", "x")),
)


@given(RECORDS)
def test_what_is_written_can_be_read(record: Record) -> None:
    assert decode(encode(record)) == record


@given(st.binary(max_size=200))
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(RecordError):
        decode(content)


@pytest.mark.parametrize(
    "content", [encode(RECORD).replace(b'"version": 1', b'"version": 2'), encode(RECORD)[:-5]]
)
def test_another_version_and_half_a_file(content: bytes) -> None:
    with pytest.raises(RecordError):
        decode(content)


def test_a_retreat_outlives_the_container_and_the_boot() -> None:
    for boot in ("boot-1", "boot-2"):
        course, _ = taken_up(RECORD, "new", boot)
        assert course.retreat == Retreat("CrashLoop", "x")


def test_who_loses_power_has_not_crashed() -> None:
    course, vanished = taken_up(RECORD, "new", "boot-2")
    assert (course.ends, vanished) == ((), False)
    course, vanished = taken_up(RECORD, "new", "boot-1")
    assert (course.ends, vanished) == ((1.0,), True)
    assert not taken_up(replace(RECORD, running=False), "new", "boot-1")[1]


def test_another_revision_knows_nothing() -> None:
    assert taken_up(RECORD, "newer", "boot-1") == (Course(), False)
    assert taken_up(None, "new", "boot-1") == (Course(), False)


def test_the_file(tmp_path: Path) -> None:
    file = RecordFile(tmp_path)
    assert file.read() is None
    file.write(RECORD)
    assert file.read() == RECORD
    with pytest.raises(OSError, match="No such file"):
        RecordFile(tmp_path / "absent").write(RECORD)
    nowhere = RecordFile(None)
    nowhere.write(RECORD)
    assert nowhere.read() is None
