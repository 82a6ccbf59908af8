"""A plan in portions: who is in it, and who has a turn in the next."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import IMAGE, at, hearing, satellite_view
from perigee_operator.domain.fleet import SatelliteView, Settings, Snapshot
from perigee_operator.domain.kinds import NODE
from perigee_operator.domain.memory import Memory
from perigee_operator.domain.plan import Plan, plan
from perigee_operator.domain.resumption import (
    BEGINNING,
    MOST_TRACKS,
    fitting_tracks,
    going_on,
    portion,
)
from perigee_operator.domain.writes import ObjectKey, RemoveLabels, Track

MOST = 4
SETTINGS = Settings(serve_image=IMAGE, tracks_at_once=MOST, loss_budget_percent=100)
WRITE = RemoveLabels(ObjectKey(NODE, "sat"), "u", frozenset({"a"}))


@dataclass(frozen=True)
class Named:
    name: str


def track(name: str, *, empty: bool = False) -> Track:
    return Track(name, () if empty else (WRITE,))


def satellites(count: int, heard_s: float | None = None) -> tuple[SatelliteView, ...]:
    """None of them has been recorded yet, so there is something to be written of each."""
    return tuple(
        replace(satellite_view(heard_s=heard_s), name=f"sat-{n:02}", uid=f"u{n}")
        for n in range(count)
    )


def written(found: Plan) -> list[str]:
    return [each.name.removeprefix("sat/") for each in found.tracks]


@given(st.sets(st.text("abcd", min_size=1, max_size=3), max_size=20), st.text("abcd", max_size=3))
def test_all_have_a_turn_from_the_first_on(names: set[str], first: str) -> None:
    ordered = [Named(name) for name in sorted(names)]
    found = [each.name for each in going_on(ordered, first)]
    assert sorted(found) == sorted(names)
    assert found == sorted(names, key=lambda name: (name < first, name))


@given(st.sets(st.text("abcd", min_size=1, max_size=3), min_size=1, max_size=20), st.integers(1, 5))
def test_whoever_wants_to_write_does_in_one_of_the_next_plans(names: set[str], most: int) -> None:
    wanted, turns, first = [track(name) for name in sorted(names)], set[str](), ""
    for _ in range(-(-len(names) // most)):
        taken, first = portion(wanted, first, most)
        assert len(taken) <= most
        turns |= {each.name for each in taken}
    assert turns == names


def test_what_is_small_enough_is_not_cut_and_keeps_its_order() -> None:
    wanted = [track("b"), track("none", empty=True), track("a")]
    assert portion(wanted, "b", 2) == ([track("b"), track("a")], "")


def test_a_large_fleet_is_written_of_in_portions_even_if_every_write_fails() -> None:
    snapshot, memory = Snapshot(SETTINGS, hearing(0), satellites(10)), Memory()
    begins, seen = BEGINNING, list[str]()
    for _ in range(3):
        found = plan(snapshot, at(0), memory, begins)
        assert found == plan(snapshot, at(0), begins=begins)
        assert len(found.tracks) == MOST
        assert found.next_look_s == 0
        seen += written(found)
        begins = found.resumption
    assert seen == [*(f"sat-{n:02}" for n in range(10)), "sat-00", "sat-01"]


def test_a_loss_does_not_wait_for_its_turn() -> None:
    others = satellites(10, heard_s=-1)
    lost = replace(satellite_view(heard_s=-900), name="sat-99", uid="u99")
    found = plan(Snapshot(SETTINGS, hearing(-5000), (*others, lost)), at(0))
    assert written(found) == ["sat-00", "sat-01", "sat-02", "sat-03", "sat-99"]
    assert found.resumption.satellite == "sat-04"


def test_a_plan_that_holds_all_begins_anew() -> None:
    found = plan(Snapshot(SETTINGS, hearing(0), satellites(MOST)), at(0))
    assert len(found.tracks) == MOST
    assert found.resumption == BEGINNING


@pytest.mark.parametrize(
    ("written_s", "rest_s", "fitting"),
    [
        pytest.param(5, 20, 512, id="they were written while nobody planned anyway"),
        pytest.param(20, 20, 128, id="just so"),
        pytest.param(40, 20, 100, id="they took longer, and are fewer"),
        pytest.param(400, 20, 100, id="but so many in any case"),
        pytest.param(0.001, 20, MOST_TRACKS, id="nor ever more than that"),
        pytest.param(0, 20, MOST_TRACKS, id="nothing was to be written"),
    ],
)
def test_a_plan_has_as_many_tracks_as_are_written_during_the_rest(
    written_s: float, rest_s: float, fitting: int
) -> None:
    assert fitting_tracks(128, written_s, rest_s, least=100) == fitting
