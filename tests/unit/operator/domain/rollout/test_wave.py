from collections.abc import Mapping, Sequence
from itertools import pairwise
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


PLANES = {name: name[0] for name in ("a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3", "c4")}
"""Ten satellites by name, and the plane of each."""


def wave(
    steps: Sequence[dict[str, Any]],
    index: int,
    copies: int = 10,
    ranks: Mapping[str, int] | None = None,
) -> list[str]:
    """Who is in the wave at a step; nobody has begun, but for those that are given a rank."""
    fleet = [satellite(name, labels={"plane": plane}) for name, plane in PLANES.items()]
    status = RolloutStatus(
        candidate="c",
        step=index,
        all_passed=index >= len(steps),
        started=at(0),
        step_started=at(0),
    )
    found = wave_satellites(
        fleet,
        copies,
        stage_of(Rollout.model_validate({"steps": steps}), status),
        rank=lambda item: (ranks or {}).get(item.name, 4),
        spread_by=SpreadBy.SATELLITE,
    )
    assert len({item.name for item in found}) == len(found)
    return [item.name for item in found]


def walked(
    steps: Sequence[dict[str, Any]], copies: int = 10, begun: Sequence[str] = ()
) -> list[set[str]]:
    """The waves of all steps and of what follows them: each has begun before the next comes."""
    ranks = dict.fromkeys(begun, 2)
    found = []
    for index in range(len(steps) + 1):
        found.append(set(wave(steps, index, copies, ranks)))
        ranks |= dict.fromkeys(found[-1], 0)
    return found


def plane(name: str, **more: Any) -> dict[str, Any]:
    return {"wave": {"selector": {"plane": name}, **more}}


def count(number: int, **more: Any) -> dict[str, Any]:
    return {"wave": {"count": number, **more}}


PERCENT_50: dict[str, Any] = {"wave": {"percent": 50}}
PAUSE: dict[str, Any] = {"pause": {}}


@pytest.mark.parametrize(
    ("index", "weight", "size"),
    [
        (0, 0, 1),
        (1, 0, 1),
        (2, 25, 2),
        (3, 25, 5),
        (4, 25, 5),
        (5, 60, 5),
        (6, 60, 5),
        (7, 60, 10),
    ],
)
def test_each_step_widens_the_wave(index: int, weight: int, size: int) -> None:
    assert stage(index).weight == weight
    assert len(walked(STEPS)[index]) == size


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([plane("a")], ["a1 a2 a3"]),
        ([plane("b"), PAUSE, {"weight": 100}], ["b1 b2 b3"] * 3),
        ([plane("a"), PERCENT_50], ["a1 a2 a3", "a1 a2 a3 b1 b2"]),
        ([plane("c"), count(3)], ["c1 c2 c3 c4"] * 2),
        ([plane("c"), count(3), count(6)], ["c1 c2 c3 c4"] * 2 + ["a1 a2 c1 c2 c3 c4"]),
        ([plane("a"), plane("b")], ["a1 a2 a3", "a1 a2 a3 b1 b2 b3"]),
        ([plane("a"), plane("b"), PAUSE], ["a1 a2 a3"] + ["a1 a2 a3 b1 b2 b3"] * 2),
        ([plane("a"), plane("b"), PERCENT_50], ["a1 a2 a3"] + ["a1 a2 a3 b1 b2 b3"] * 2),
        ([count(1), plane("b")], ["a1", "a1 b1 b2 b3"]),
        ([count(1), plane("a")], ["a1", "a1 a2 a3"]),
        ([count(4), plane("b"), PERCENT_50], ["a1 a2 a3 b1"] + ["a1 a2 a3 b1 b2 b3"] * 2),
        ([PAUSE, plane("b"), PAUSE], ["a1"] + ["a1 b1 b2 b3"] * 2),
        ([{"weight": 20}, plane("b")], ["a1 a2", "a1 a2 b1 b2 b3"]),
        ([{"weight": 0}, {"weight": 30}, {"weight": 10}], ["a1", "a1 a2 a3", "a1 a2 a3"]),
        ([count(3), count(1)], ["a1 a2 a3", "a1 a2 a3"]),
        ([plane("x")], [""]),
        ([plane("x"), count(2)], ["", "a1 a2"]),
        ([count(1), plane("x"), PAUSE], ["a1", "a1", "a1"]),
        ([plane("c", first={"plane": "b"}), count(5)], ["c1 c2 c3 c4", "a1 c1 c2 c3 c4"]),
        ([count(1, first={"plane": "b"}), count(2)], ["b1", "a1 b1"]),
    ],
    ids=str,
)
def test_a_wave_is_what_its_steps_have_let_in(
    steps: list[dict[str, Any]], expected: list[str]
) -> None:
    *found, everybody = walked(steps)
    assert [" ".join(sorted(each)) for each in found] == expected
    assert everybody == PLANES.keys()


def test_no_wave_is_wider_than_the_model_wants() -> None:
    assert walked([PERCENT_50, count(7)], copies=1) == [{"a1"}] * 3
    assert walked([plane("a")], copies=2)[0] == {"a1", "a2"}
    assert walked([count(1), plane("b")], copies=2)[1] == {"a1", "b1"}
    assert walked([plane("a"), plane("b")], copies=3)[1] == {"a1", "a2", "a3"}
    assert walked([plane("a"), PERCENT_50], copies=0) == [set()] * 3


def test_who_has_begun_stays_though_others_that_a_selector_lets_in_come_near() -> None:
    steps = [count(2), plane("b")]
    assert set(wave(steps, 1, ranks={"c1": 2, "c2": 1, "b1": 0})) == {"c1", "c2", "b1", "b2", "b3"}


def test_whom_a_selector_lets_in_counts_towards_the_number_before() -> None:
    assert set(wave([count(2), plane("b")], 1, ranks={"b1": 0, "b2": 1})) == {"b1", "b2", "b3"}


def test_the_spread_of_a_wave_knows_whom_a_selector_has_let_in() -> None:
    fleet = [
        satellite(name, labels={names.PLANE_LABEL: name[0], "canary": str(name == "a1")})
        for name in ("a1", "a2", "b1", "c1")
    ]
    steps = [{"wave": {"selector": {"canary": "True"}}}, {"wave": {"count": 3}}]
    status = RolloutStatus(candidate="c", step=1, started=at(0), step_started=at(0))
    found = wave_satellites(
        fleet,
        4,
        stage_of(Rollout.model_validate({"steps": steps}), status),
        rank=lambda _: 4,
        spread_by=SpreadBy.PLANE,
    )
    assert [item.name for item in found] == ["a1", "b1", "c1"]


def test_steps_that_were_made_fewer_on_the_way_are_not_skipped() -> None:
    status = RolloutStatus(candidate="c", step=1, started=at(0), step_started=at(0))
    found = stage_of(Rollout.model_validate({"steps": STEPS[:1]}), status)
    assert found.step is not None
    assert found.index == 0


def test_a_revision_that_goes_directly_has_no_steps() -> None:
    found = stage(0, direct=True)
    assert found.step is None
    fleet = [satellite(name) for name in "abcde"]
    chosen = wave_satellites(fleet, 4, found, rank=lambda _: 4, spread_by=SpreadBy.SATELLITE)
    assert [s.name for s in chosen] == list("abcd")


@pytest.mark.parametrize(
    ("steps", "nobody"),
    [
        ([plane("a")], False),
        ([plane("x")], True),
        ([count(1), plane("x")], True),
        ([plane("x"), count(1)], False),
        ([plane("x"), PAUSE], False),
        ([count(1)], False),
        ([PAUSE], False),
    ],
)
def test_a_selector_that_nobody_matches_is_known_at_its_step(
    *, steps: list[dict[str, Any]], nobody: bool
) -> None:
    fleet = [satellite(name, labels={"plane": name}) for name in "ab"]
    parsed = Rollout.model_validate({"steps": steps})
    assert Stage(tuple(parsed.steps), len(steps) - 1).selects_nobody(fleet) is nobody
    assert not Stage(tuple(parsed.steps), len(steps)).selects_nobody(fleet)


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


WAVES = st.one_of(
    st.integers(1, 12).map(lambda number: {"wave": {"count": number}}),
    st.integers(1, 100).map(lambda percent: {"wave": {"percent": percent}}),
    st.sampled_from("abcx").map(lambda plane: {"wave": {"selector": {"plane": plane}}}),
)
OTHERS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.integers(0, 100).map(lambda weight: {"weight": weight}), st.just(PAUSE)
)
COURSES = st.lists(st.one_of(WAVES, OTHERS), min_size=1, max_size=6)


def allowed(steps: Sequence[dict[str, Any]], copies: int) -> tuple[int, set[str]]:
    """How many satellites steps let in by number, and which ones by name, at the most."""
    number, selected = 1, set[str]()
    for step in steps:
        wave = step.get("wave", {})
        chosen = wave.get("selector", {}).get("plane")
        selected |= {name for name, plane in PLANES.items() if plane == chosen}
        percent = wave.get("percent", step.get("weight", 0))
        number = max(number, wave.get("count", 0), share(percent, copies))
    return number, selected


@given(steps=COURSES, copies=st.integers(1, 10))
def test_waves_never_lose_anybody_from_step_to_step(
    steps: list[dict[str, Any]], copies: int
) -> None:
    for before, after in pairwise(walked(steps, copies)):
        assert before <= after
        assert len(after) <= copies


@given(
    steps=COURSES,
    copies=st.integers(1, 10),
    ranks=st.dictionaries(st.sampled_from(sorted(PLANES)), st.integers(0, 3)),
)
def test_nobody_is_in_a_wave_but_those_that_its_steps_allow(
    steps: list[dict[str, Any]], copies: int, ranks: dict[str, int]
) -> None:
    """Whoever has something of the candidate on board already."""
    for index in range(len(steps)):
        number, selected = allowed(steps[: index + 1], copies)
        found = set(wave(steps, index, copies, ranks))
        assert len(found - selected) <= number
        assert len(found) <= min(copies, number + len(selected))


@given(steps=COURSES, copies=st.integers(1, 10))
def test_a_wave_has_all_that_its_steps_ask_for(steps: list[dict[str, Any]], copies: int) -> None:
    for index, found in enumerate(walked(steps, copies)[:-1]):
        _, selected = allowed(steps[: index + 1], copies)
        assert selected <= found or len(found) == copies
        wave = steps[index].get("wave", {})
        least = wave.get("count", share(wave.get("percent", 0), copies))
        assert len(found) >= min(least, copies)
