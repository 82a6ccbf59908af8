from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_demo.inference.endpoints import Endpoint, choose, endpoints_of

A, B, C = (Endpoint(f"10.0.0.{n}", 8080, f"sat-{n}") for n in (1, 2, 3))


def part(*endpoints: dict[str, Any], ports: tuple[int, ...] = (8080,)) -> dict[str, Any]:
    return {"endpoints": list(endpoints), "ports": [{"port": port} for port in ports]}


def pod(number: int, **conditions: bool) -> dict[str, Any]:
    return {
        "addresses": [f"10.0.0.{number}"],
        "nodeName": f"sat-{number}",
        "conditions": conditions,
    }


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        ([], ()),
        ([part()], ()),
        ([{"endpoints": None, "ports": None}], ()),
        ([part(pod(2, ready=True), pod(1, ready=True))], (A, B)),
        ([part(pod(1, ready=True)), part(pod(2, ready=True))], (A, B)),
        ([part(pod(1, ready=True)), part(pod(1, ready=True))], (A,)),
        ([part(pod(1, ready=True), pod(2, ready=False, serving=True))], (A,)),
        ([part(pod(1))], (A,)),
        ([part(pod(1, ready=True), ports=())], ()),
    ],
    ids=["none", "empty", "null", "two", "slices", "twice", "unready", "unknown", "portless"],
)
def test_ready_endpoints_each_once(
    slices: list[dict[str, Any]], expected: tuple[Endpoint, ...]
) -> None:
    assert endpoints_of(slices) == expected


@given(turn=st.integers(0, 10_000), count=st.integers(1, 5), data=st.data())
def test_a_second_try_never_goes_to_the_same_address(
    turn: int, count: int, data: st.DataObject
) -> None:
    endpoints = tuple(Endpoint(f"10.0.0.{n}", 8080, f"sat-{n}") for n in range(count))
    tried = data.draw(st.sampled_from(endpoints))
    second = choose(endpoints, turn, tried)
    assert (second is None) == (count == 1)
    assert second is None or second.address != tried.address


def test_turns_go_round() -> None:
    assert [choose((A, B, C), turn) for turn in range(4)] == [A, B, C, A]
    assert choose((), 3) is None


def test_an_endpoint_that_is_gone_is_no_reason_to_skip_another() -> None:
    assert choose((B,), 0, A) == B
