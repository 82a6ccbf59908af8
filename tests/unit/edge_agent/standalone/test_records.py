import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.handover.served import NotServedError, Served
from perigee_edge.standalone.records import (
    Records,
    decode,
    encode,
    pinned,
    with_newest,
    without,
)

TEXT = st.text(min_size=1, max_size=20)
SERVED = st.builds(
    Served,
    TEXT,
    TEXT,
    st.lists(TEXT, max_size=3).map(tuple),
    st.lists(st.from_regex(r"--[a-z]+=\w*", fullmatch=True), max_size=5).map(tuple),
)
R1, R2, R3 = (Served("m", f"r{i}", (f"a{i}", "golden"), ()) for i in (1, 2, 3))


def good(**fields: object) -> bytes:
    """A record of one revision, with a fault."""
    sound = {"model": "m", "revision": "r", "artifacts": [], "arguments": []}
    return json.dumps({"version": 1, "good": [sound | fields]}).encode()


@given(st.lists(SERVED, max_size=2).map(tuple))
def test_what_is_written_can_be_read(known: tuple[Served, ...]) -> None:
    assert decode(encode(known)) == known


@given(st.binary(max_size=200))
def test_anything_else_is_refused_and_nothing_worse(content: bytes) -> None:
    with pytest.raises(NotServedError):
        decode(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2, "good": []}',
        b'{"version": 1, "good": {}}',
        b'{"version": 1, "good": [{"model": "m"}]}',
        good(revision=""),
        good(arguments=["--model", "m"]),
        good(arguments="--model=m"),
        good(artifacts=["a"] * 100),
        b"[" * 100_000,
    ],
)
def test_damaged_records_are_refused(content: bytes) -> None:
    with pytest.raises(NotServedError):
        decode(content)


@pytest.mark.parametrize(
    ("known", "newest", "expected"),
    [
        ((), R1, (R1,)),
        ((R1,), R1, (R1,)),
        ((R1,), R2, (R2, R1)),
        ((R2, R1), R3, (R3, R2)),
        ((R2, R1), R1, (R1, R2)),
    ],
)
def test_the_newest_and_the_one_before(
    known: tuple[Served, ...], newest: Served, expected: tuple[Served, ...]
) -> None:
    assert with_newest(known, newest) == expected


def test_what_is_not_good_is_left_out() -> None:
    assert without((R2, R1), "r2") == (R1,)
    assert without((R1,), "r2") == (R1,)


def test_the_file_is_replaced_whole_and_only_its_newest_pins(tmp_path: Path) -> None:
    records = Records(tmp_path, "default.m")
    assert records.read() == ()
    records.write((R2, R1))
    assert records.read() == (R2, R1)
    assert [path.name for path in tmp_path.iterdir()] == ["default.m.json"]
    assert pinned(tmp_path) == {"a2", "golden"}
    (tmp_path / "other.n.json").write_text("nonsense")
    Records(tmp_path, "default.none").write(())
    assert pinned(tmp_path) == {"a2", "golden"}
    assert pinned(tmp_path / "nowhere") == frozenset()


@pytest.mark.parametrize("instance", ["", "../m", "a/b", ".m", "A.m"])
def test_an_instance_that_names_no_file(tmp_path: Path, instance: str) -> None:
    with pytest.raises(ValueError, match="<namespace>"):
        Records(tmp_path, instance)
