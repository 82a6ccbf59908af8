from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.rollout.invariants import Copy, Invariant, Scene, broken

X, Y, Z = (frozenset(name) for name in "xyz")
WELL: dict[str, Any] = {
    "stable": "a",
    "candidate": "b",
    "wave": 1,
    "open_to": {"a": X | Y, "b": Z, "old": X},
    "hosts": {"a": X | Y, "old": X},
    "copies": (
        Copy("a-x", "x", verified=True, serves=True),
        Copy("a-y", "y", verified=False, serves=False),
        Copy("old-x", "x", verified=True, serves=False),
    ),
    "something_can_serve": True,
    "pinned": {"x": frozenset("12")},
    "kept": {"x": frozenset("123")},
}


def names(**changed: Any) -> list[Invariant]:
    return [each.invariant for each in broken(Scene(**{**WELL, **changed}))]


def test_what_is_well_breaks_nothing() -> None:
    assert names() == []
    assert broken(Scene()) == ()


@pytest.mark.parametrize(
    ("changed", "expected", "message"),
    [
        (
            {"open_to": {"old": X | Y}},
            Invariant.TWO_REVISIONS,
            "revision old may come to y",
        ),
        (
            {"candidate": "a", "open_to": {}},
            Invariant.TWO_NAMES,
            "revision a is stable and candidate",
        ),
        (
            {"open_to": {"b": X | Z}},
            Invariant.WITHIN_WAVE,
            "revision b may come to x, z: 1 may have it",
        ),
        (
            {"ahead": X | Y, "next_wave": 1},
            Invariant.WITHIN_NEXT_WAVE,
            "x, y would fetch ahead: 1 may",
        ),
        (
            {"ahead": Z, "next_wave": 1},
            Invariant.WITHIN_NEXT_WAVE,
            "revision b may come to z ahead of its step",
        ),
        (
            {"swapping": X | Y, "spare": 1},
            Invariant.WITHIN_SPARE,
            "x, y would be out of service: 1 may be",
        ),
        (
            {"copies": (Copy("a-x", "x", verified=False, serves=True),)},
            Invariant.VERIFIED_SERVE,
            "a-x would serve without being verified",
        ),
        (
            {"copies": [Copy(name, "x", verified=True, serves=True) for name in "ab"]},
            Invariant.ONE_SERVES,
            "several copies would serve on x",
        ),
        (
            {"copies": (Copy("a-x", "x", verified=True, serves=False),)},
            Invariant.SOMETHING_SERVES,
            "the last copy that serves would be taken out",
        ),
        (
            {"kept": {"x": frozenset("13"), "y": frozenset("2")}},
            Invariant.WAY_BACK_KEPT,
            "files of the stable revision or the one before would leave x",
        ),
        (
            {"led_on": False},
            Invariant.LED_ON,
            "nothing says what revision b waits for",
        ),
    ],
)
def test_what_is_broken_is_named(
    changed: dict[str, Any], expected: Invariant, message: str
) -> None:
    (found,) = broken(Scene(**{**WELL, **changed}))
    assert (found.invariant, found.message) == (expected, message)


@pytest.mark.parametrize(
    "changed",
    [
        # Who has a Pod of it already is not let in anew.
        {"open_to": {"b": X | Z}, "hosts": {"b": X}},
        # Nobody comes to a satellite that is lost.
        {"open_to": {"b": X | Z}, "out_of_service": X},
        {"ahead": X, "next_wave": 1},
        {"candidate": None, "led_on": False, "open_to": {}},
        {"something_can_serve": False, "copies": ()},
    ],
)
def test_what_looks_like_it_and_is_well(changed: dict[str, Any]) -> None:
    assert names(**changed) == []


def test_of_many_a_few_are_named() -> None:
    nodes = frozenset(f"n{number}" for number in range(9))
    (found,) = broken(Scene(stable="a", open_to={"old": nodes}))
    assert found.message == "revision old may come to n0, n1, n2, n3, n4 and 4 more"


NODES = st.frozensets(st.sampled_from("xyz"))


@given(
    st.dictionaries(st.sampled_from("abc"), NODES),
    st.dictionaries(st.sampled_from("abc"), NODES),
    st.integers(0, 3),
)
def test_closing_nodes_breaks_nothing_that_held(
    open_to: dict[str, frozenset[str]], hosts: dict[str, frozenset[str]], wave: int
) -> None:
    """Holding is safe: a plan that lets fewer in breaks no more than one that lets in more."""
    more = broken(Scene("a", "b", wave, open_to, hosts))
    closed = {revision: nodes - {"x"} for revision, nodes in open_to.items()}
    fewer = broken(Scene("a", "b", wave, closed, hosts))
    assert {each.invariant for each in fewer} <= {each.invariant for each in more}
