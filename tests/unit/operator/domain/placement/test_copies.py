from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.views import at, by_node, pod, satellite
from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.placement.copies import lost_copies, serving_copies, shrinkage
from perigee_operator.domain.satellite import Satellite

LOST, DARK = SatellitePhase.LOST, SatellitePhase.EXPECTED_DARK
FLEET = by_node(*(satellite(f"s{number}") for number in range(1, 5)))


def fleet(**changed: Satellite) -> dict[str, Satellite]:
    return FLEET | changed


def pods(count: int, **changed: dict[str, Any]) -> list[PodView]:
    """p1 on s1 and on, each younger than the one before."""
    return [
        replace(pod(f"p{n}", "r", f"s{n}", created_at=at(n)), **changed.get(f"p{n}", {}))
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("InContact", (0, 2)),
        ("ExpectedDark", (0, 2)),
        ("Suspect", (0, 2)),
        ("Pending", (0, 2)),
        ("Lost", (1, 1)),
        ("Maintenance", (1, 1)),
    ],
)
def test_what_counts_as_a_copy(name: str, expected: tuple[int, int]) -> None:
    satellites = fleet(s1=satellite("s1", phase=SatellitePhase(name)))
    found = pods(2)
    assert (lost_copies(found, satellites), serving_copies(found, satellites)) == expected


def test_neither_an_unverified_copy_nor_one_nowhere_serves() -> None:
    found = [*pods(2, p1={"verified": False}), pod("p9", "r", None), pod("p8", "r", "elsewhere")]
    assert serving_copies(found, FLEET) == 1
    assert lost_copies(found, FLEET) == 0


@pytest.mark.parametrize(
    ("changed", "keep", "victims"),
    [
        ({}, {"s1", "s2", "s3"}, ["p3"]),
        ({}, {"s2", "s3"}, ["p1"]),
        ({"p1": {"verified": False}}, {"s1", "s2", "s3"}, ["p1"]),
        (
            {"p1": {"node": None, "verified": False}, "p3": {"verified": False}},
            {"s1", "s2", "s3"},
            ["p1"],
        ),
    ],
)
def test_the_most_dispensable_ends(
    changed: dict[str, Any], keep: set[str], victims: list[str]
) -> None:
    change = shrinkage(pods(3, **changed), 2, keep, FLEET)
    assert change is not None
    assert [victim.name for victim in change.victims] == victims


def test_a_copy_on_a_lost_satellite_ends_last() -> None:
    satellites = fleet(s3=satellite("s3", phase=LOST))
    change = shrinkage(pods(4), 2, set(), satellites)
    assert change is not None
    assert {victim.name for victim in change.victims} == {"p4", "p2"}


@pytest.mark.parametrize(
    "doubt",
    [
        {"satellites": fleet(s1=satellite("s1", settled=False))},
        {"p1": {"ready": False}},
    ],
)
def test_no_copy_that_serves_ends_while_those_that_stay_are_in_doubt(
    doubt: dict[str, Any],
) -> None:
    found = pods(3, p1=doubt.get("p1", {}))
    assert shrinkage(found, 2, {"s1", "s2"}, doubt.get("satellites", FLEET)) is None


def test_of_a_dark_satellite_the_last_word_counts() -> None:
    satellites = fleet(s1=satellite("s1", phase=DARK))
    change = shrinkage(pods(3, p1={"ready": False}), 2, {"s1", "s2"}, satellites)
    assert change is not None
    # A ReplicaSet would end the copy in the dark first.
    assert change.by_name
    assert [victim.name for victim in change.victims] == ["p3"]


def test_where_all_that_stay_are_ready_their_cost_decides() -> None:
    change = shrinkage(pods(3), 2, set(), FLEET)
    assert change is not None
    assert not change.by_name


def test_where_one_goes_on_serving_nothing_is_left_to_their_cost() -> None:
    """Its Node may be marked silent before the ReplicaSet looks."""
    change = shrinkage(pods(3, p1={"labels": {names.ACTIVE_LABEL: "true"}}), 2, {"s1", "s2"}, FLEET)
    assert change is not None
    assert [victim.name for victim in change.victims] == ["p3"]
    assert change.by_name


def test_where_it_must_not_stay_a_copy_that_serves_ends_only_once_it_is_released() -> None:
    satellites = fleet(s1=satellite("s1", unsuited=True))
    found = pods(3, p2={"verified": False}, p3={"verified": False})
    change = shrinkage(found, 2, {"s2", "s3"}, satellites)
    assert change is not None
    assert [victim.name for victim in change.victims] == ["p3"]
    change = shrinkage(found, 2, {"s2", "s3"}, satellites, released={"uid-p1"})
    assert change is not None
    assert [victim.name for victim in change.victims] == ["p1"]


def test_nothing_ends_where_nothing_is_too_many() -> None:
    change = shrinkage(pods(2), 5, set(), FLEET)
    assert change is not None
    assert change.victims == ()
