from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at, satellite
from perigee_api import names
from perigee_api.inference_model import Rollout, RolloutStatus
from perigee_api.placement import SpreadBy
from perigee_operator.domain.rollout.wave import Stage, share, stage_of, wave_satellites
from perigee_operator.domain.satellite import Satellite

STEPS: list[dict[str, Any]] = [
    {"wave": {"count": 1}},
    {"analysis": {"golden": {}}},
    {"weight": 25},
    {"wave": {"percent": 50}},
    {"wave": {"selector": {"plane": "a"}}},
    {"weight": 60},
    {"pause": {"duration": 5}},
]


def stage(index: int, *, direct: bool = False) -> Stage:
    status = RolloutStatus(
        candidate="c",
        step=index,
        all_passed=index >= len(STEPS),
        direct=direct,
        started=at(0),
        step_started=at(0),
    )
    return stage_of(Rollout.model_validate({"steps": STEPS}), status)


@pytest.mark.parametrize(
    ("percent", "whole", "expected"),
    [(0, 10, 0), (1, 10, 1), (25, 10, 2), (29, 10, 2), (50, 1, 1), (100, 10, 10), (50, 0, 0)],
)
def test_a_share_is_rounded_down_and_one_at_least(percent: int, whole: int, expected: int) -> None:
    assert share(percent, whole) == expected


@pytest.mark.parametrize(
    ("index", "weight", "size"),
    [
        (0, 0, 1),
        (1, 0, 1),
        (2, 25, 2),
        (3, 25, 5),
        (4, 25, 5),
        (5, 60, 6),
        (6, 60, 6),
        (7, 60, 10),
    ],
)
def test_each_step_widens_the_wave(index: int, weight: int, size: int) -> None:
    found = stage(index)
    assert found.weight == weight
    assert found.wave_size(copies=10, matching=3) == size


def test_no_wave_is_wider_than_the_model_wants() -> None:
    assert stage(3).wave_size(copies=1, matching=5) == 1
    assert stage(4).wave_size(copies=2, matching=5) == 2


def test_steps_that_were_made_fewer_on_the_way_are_not_skipped() -> None:
    status = RolloutStatus(candidate="c", step=1, started=at(0), step_started=at(0))
    found = stage_of(Rollout.model_validate({"steps": STEPS[:1]}), status)
    assert found.step is not None
    assert found.index == 0


def test_a_revision_that_goes_directly_has_no_steps() -> None:
    found = stage(0, direct=True)
    assert found.step is None
    assert found.wave_size(copies=4, matching=4) == 4


@pytest.mark.parametrize(("index", "selected"), [(3, "ab"), (4, "a"), (6, "a"), (7, "ab")])
def test_a_selector_holds_until_the_last_step(index: int, selected: str) -> None:
    fleet = [satellite(plane, labels={"plane": plane}) for plane in "ab"]
    assert "".join(s.name for s in fleet if stage(index).selects(s)) == selected


def test_who_carries_it_stays_in_the_wave_then_come_those_that_run_the_stable_revision() -> None:
    fleet = [satellite(name) for name in "abcd"]
    ranks = {"d": 0, "c": 3}

    def rank(item: Satellite) -> int:
        return ranks.get(item.name, 4)

    found = wave_satellites(fleet, 4, stage(2), rank=rank, spread_by=SpreadBy.SATELLITE)
    assert [s.name for s in found] == ["d"]
    wider = wave_satellites(fleet, 4, stage(3), rank=rank, spread_by=SpreadBy.SATELLITE)
    assert [s.name for s in wider] == ["d", "c"]


def chosen(count: int, begun: str = "", **wave: Any) -> list[str]:
    """Of six satellites, two in each of three planes, of which some are in the wave already."""
    places = {"a": "2", "b": "2", "c": "1", "d": "1", "e": "3", "f": "3"}
    fleet = [
        satellite(name, labels={names.PLANE_LABEL: plane, "canary": str(name in "be").lower()})
        for name, plane in places.items()
    ]
    steps = [{"wave": {"count": count, **wave}}]
    status = RolloutStatus(candidate="c", started=at(0), step_started=at(0))
    found = wave_satellites(
        fleet,
        6,
        stage_of(Rollout.model_validate({"steps": steps}), status),
        rank=lambda item: 0 if item.name in begun else 4,
        spread_by=SpreadBy.PLANE,
    )
    return [item.name for item in found]


@pytest.mark.parametrize(
    ("wave", "names_of_chosen"),
    [
        ({"count": 3}, "ace"),
        ({"count": 3, "begun": "f"}, "fac"),
        ({"count": 3, "first": {"canary": "true"}}, "bec"),
        ({"count": 3, "first": {"canary": "true"}, "begun": "f"}, "fbe"),
        ({"count": 3, "order": "Plane"}, "cda"),
        ({"count": 3, "order": "Plane", "begun": "f"}, "fec"),
        ({"count": 4, "order": "Plane", "first": {"canary": "true"}}, "becd"),
    ],
    ids=[
        "spread over planes",
        "who is in it stays",
        "canaries first",
        "but who is in it stays",
        "plane by plane",
        "beginning with the one that has begun",
        "canaries first, then plane by plane",
    ],
)
def test_the_order_of_a_wave(wave: dict[str, Any], names_of_chosen: str) -> None:
    assert chosen(**wave) == list(names_of_chosen)


@given(index=st.integers(0, 6), copies=st.integers(1, 50), matching=st.integers(0, 50))
def test_waves_never_shrink_from_step_to_step(index: int, copies: int, matching: int) -> None:
    size = stage(index).wave_size(copies, matching)
    assert 0 < size <= stage(index + 1).wave_size(copies, matching) <= copies
