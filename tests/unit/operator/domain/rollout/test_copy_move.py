from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from paper_fleet.intents import START, model_spec
from paper_fleet.views import (
    at,
    known,
    model_view,
    pod,
    revision_of,
    revision_view,
    satellite,
    situation,
    window,
)
from perigee_api.copy_move import CopyMove
from perigee_api.inference_model import InferenceModelStatus, ModelPhase, RolloutStatus
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.orbit.contacts import UNKNOWN
from perigee_operator.domain.placement.reach import HORIZON
from perigee_operator.domain.rollout.clearance import Clearance
from perigee_operator.domain.rollout.copy_move import Moving, moving
from perigee_operator.domain.rollout.layout import layout
from perigee_operator.domain.rollout.letting_go import released
from perigee_operator.domain.rollout.model_reach import in_reach
from perigee_operator.domain.rollout.next_move import MOST_CANDIDATES, REST, TURN, hindrance
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Shift, Situation
from perigee_operator.domain.satellite import Satellite

SPEC = model_spec(replicas=2, placement={"keepInReach": 1})
A = revision_of(SPEC)
STATE = RolloutState(stable=A)
HOUR_S = 3600.0
TAKEN = Shift("s", "u", handed_over=False)


def passing(name: str, *hours: tuple[float, float], **more: Any) -> Satellite:
    """In contact from one hour to another, every day."""
    contacts = known(
        window((start + day * 24) * HOUR_S, (end + day * 24) * HOUR_S)
        for start, end in hours
        for day in range(-2, 5)
    )
    given = {"holds": [1], "assigned": [1], "contacts": contacts, "reachable": False}
    return satellite(name, **{**given, **more})


FLEET = {
    "s": passing("s", (0, 6)),
    "t": passing("t", (0, 8)),
    "u": passing("u", (10, 18)),
    "v": passing("v", (10, 12)),
}
AT_HOME = (pod("p", A, "s", active=True), pod("q", A, "t", active=True))
ARRIVED = pod("r", A, "u", active=True)
BEGUN = CopyMove(from_satellite="s", to_satellite="u", gain=28800, started=at(0))
HANDED_OVER = BEGUN.model_copy(update={"handed_over": at(60)})
OVER = HANDED_OVER.model_copy(update={"ended": at(120)})


def seen(
    pods: tuple[PodView, ...] = AT_HOME,
    move: CopyMove | None = None,
    phase: ModelPhase = ModelPhase.HEALTHY,
    spec: Any = SPEC,
    **changed: Any,
) -> Situation:
    """The model on its satellites, some of which are otherwise than in `FLEET`."""
    status = InferenceModelStatus(phase=phase, stable_revision=A, move=move)
    history = (revision_view(SPEC, promoted=True),)
    model = model_view(spec, status=status, pods=pods, revisions=history)
    return situation(model, *(FLEET | changed).values())


def begun_within(found: Situation, begins: datetime = START, state: RolloutState = STATE) -> Moving:
    """What becomes of a model without a move in all of its turn."""
    minutes = TURN // timedelta(minutes=1)
    moments = (begins + timedelta(minutes=minute) for minute in range(minutes))
    looks = [moving(found, state, now) for now in moments]
    return next((look for look in looks if look.notes), looks[-1])


def why(found: Moving) -> str | None:
    return found.record.given_up if found.record and found.record.ended else None


def test_a_move_begins_in_the_models_own_minute_and_nothing_follows_before_it_is_recorded() -> None:
    looks = [moving(seen(), STATE, at(minute * 60)) for minute in range(20)]
    begun = [look for look in looks if look.record is not None]
    assert len(begun) == 2
    record = begun[0].record
    assert record is not None
    assert (record.from_satellite, record.to_satellite, record.gain) == ("s", "u", 8 * 3600)
    assert [note.reason for note in begun[0].notes] == ["CopyMoves"]
    assert begun[0].shift is None
    assert moving(seen(move=BEGUN), STATE, at(1)) == Moving(BEGUN, shift=TAKEN)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (seen(spec=model_spec(replicas=2)), STATE),
        (seen(spec=model_spec(replicas=2, placement={"keepInReach": 1}, paused=True)), STATE),
        (
            seen(
                spec=model_spec(
                    replicas=2, placement={"keepInReach": 1}, failover={"policy": "None"}
                )
            ),
            STATE,
        ),
        (seen(phase=ModelPhase.DEGRADED), STATE),
        (replace(seen(), clearance=Clearance("in a blackout")), STATE),
        (
            seen(),
            RolloutState(
                stable=A, rollout=RolloutStatus(candidate=A, started=at(0), step_started=at(0))
            ),
        ),
        # Copies are lost, come back, come or go.
        (seen((AT_HOME[0], replace(AT_HOME[1], verified=False))), STATE),
        (seen((*AT_HOME, pod("x", A, "v", active=True))), STATE),
        (seen((*AT_HOME, pod("x", A, "v", deleting=True))), STATE),
        (seen((*AT_HOME, pod("x", "other", "v", active=True))), STATE),
        (seen(AT_HOME[:1]), STATE),
        (seen(t=replace(FLEET["t"], leaving=True)), STATE),
        (seen(t=replace(FLEET["t"], settled=False)), STATE),
        (seen(t=passing("t", (0, 8), phase=SatellitePhase.LOST)), STATE),
        # A plan is not known, or errs.
        (seen(t=replace(FLEET["t"], plan_errs=True)), STATE),
        (seen(t=replace(FLEET["t"], contacts=UNKNOWN)), STATE),
    ],
)
def test_none_begins_while_anything_else_is_under_way(
    found: Situation, state: RolloutState
) -> None:
    assert hindrance(found, state, at(0)) is not None
    assert begun_within(found, state=state).record is None


@pytest.mark.parametrize(
    ("found", "outlook"),
    [
        (
            seen(spec=model_spec(replicas=2, placement={"keepInReach": 1}, paused=True)),
            "no copy is moved for it now, since spec.paused is set.",
        ),
        (
            seen(t=replace(FLEET["t"], plan_errs=True)),
            (
                "no copy is moved for it now, since when t is in contact is not known for a day, "
                "or not sure."
            ),
        ),
        (
            replace(seen(), move=BEGUN),
            "a copy goes from s to u, for 28800 s less of 24 hours.",
        ),
        (replace(seen(), move=OVER), "a copy is moved where that gains 600 s or more."),
    ],
)
def test_the_status_says_what_becomes_of_gaps(found: Situation, outlook: str) -> None:
    verdict = in_reach(found, STATE)
    assert verdict.holds is False
    assert verdict.message.endswith(outlook)


def test_of_a_copy_that_moves_the_new_place_counts_once_it_serves() -> None:
    for pods, gap in ((AT_HOME, "20:00 to 12:00"), ((*AT_HOME, ARRIVED), "20:00 to 22:00")):
        found = replace(seen(pods), move=BEGUN, shift=TAKEN)
        assert gap in in_reach(found, STATE).message


@pytest.mark.parametrize(
    "change",
    [
        {"plan_errs": True},
        {"contacts": UNKNOWN},
        {"settled": False},
        {"reports": False},
        {"leaving": True},
    ],
)
def test_a_copy_goes_to_who_is_surely_well_and_foreseen(change: dict[str, Any]) -> None:
    found = begun_within(seen(u=replace(FLEET["u"], **change)))
    assert found.record is not None
    assert found.record.to_satellite == "v"


def test_a_model_rests_after_a_move() -> None:
    # u has its copy already; v would gain still.
    found = seen(move=OVER)
    assert OVER.ended is not None
    assert begun_within(found, OVER.ended + REST - TURN).record == OVER
    assert begun_within(found, OVER.ended + REST).notes != ()


def test_where_none_came_up_for_a_day_another_is_tried_for_a_day() -> None:
    late = BEGUN.model_copy(update={"ended": at(0) + HORIZON, "given_up": "late"})
    for after, expected in ((REST, "v"), (HORIZON, "u")):
        found = begun_within(seen(move=late), at(0) + HORIZON + after)
        assert found.record is not None
        assert found.record.to_satellite == expected


def test_of_a_large_fleet_another_part_is_looked_at_in_each_turn() -> None:
    useless: dict[str, Any] = {
        f"a{n:04}": passing(f"a{n:04}", (0, 1)) for n in range(2 * MOST_CANDIDATES)
    }
    found = seen(**useless)
    looks = [begun_within(found, at(0) + n * TURN).record for n in range(3)]
    assert sorted(look.to_satellite for look in looks if look is not None) == ["u"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (seen(move=BEGUN, spec=model_spec(replicas=2)), "keepInReach is not asked for"),
        (seen(move=BEGUN, phase=ModelPhase.DEGRADED), "the model is Degraded"),
        (seen(AT_HOME[:1], BEGUN), "the other copies are not as they were"),
        (seen(AT_HOME[1:], BEGUN), "the copy at s is not as it was"),
        (seen(move=BEGUN, u=replace(FLEET["u"], leaving=True)), "u may run no copy"),
        (seen(move=BEGUN, s=replace(FLEET["s"], leaving=True)), "s may run no copy"),
        (seen(move=BEGUN.model_copy(update={"to_satellite": "x"})), "x is gone"),
        (seen((*AT_HOME, ARRIVED), BEGUN, u=passing("u", (0, 3))), "that would gain nothing"),
    ],
)
def test_a_move_is_given_up_when_something_else_comes_up(found: Situation, said: str) -> None:
    look = moving(found, STATE, at(1))
    assert said in (why(look) or "")
    assert [note.reason for note in look.notes] == ["CopyStays"]
    assert look.shift is None


def test_a_move_is_given_up_after_a_day() -> None:
    found = seen((*AT_HOME, pod("r", A, "u", verified=False)), BEGUN)
    assert moving(found, STATE, at(0) + HORIZON - timedelta(seconds=1)).notes == ()
    assert why(moving(found, STATE, at(0) + HORIZON)) == "no copy came to serve at u within a day"


@pytest.mark.parametrize(
    ("hour", "change", "handed_over"),
    [
        # What s has and u has not lies ahead, or behind.
        (5, {"s": passing("s", (0, 9))}, False),
        (9, {"s": passing("s", (0, 9))}, True),
        (9, {}, True),
        # Whatever is planned, it is in contact alone, or is not.
        (9, {"s": replace(FLEET["s"], reachable=True)}, False),
        (
            9,
            {
                "s": replace(FLEET["s"], reachable=True),
                "t": replace(FLEET["t"], reachable=True),
            },
            True,
        ),
        # Somebody may not be well, or somewhere else.
        (9, {"t": replace(FLEET["t"], settled=False)}, False),
        (9, {"u": replace(FLEET["u"], plan_errs=True)}, False),
        (9, {"s": replace(FLEET["s"], contacts=UNKNOWN)}, False),
    ],
)
def test_when_the_copy_that_was_there_may_go(
    *, hour: int, change: dict[str, Any], handed_over: bool
) -> None:
    found = moving(seen((*AT_HOME, ARRIVED), BEGUN, **change), STATE, at(hour * HOUR_S))
    assert found.record is not None
    assert (found.record.handed_over is not None) is handed_over
    assert found.shift == TAKEN


@pytest.mark.parametrize("change", [{"verified": False}, {"labels": {}}])
def test_it_stays_while_the_other_does_not_serve(change: dict[str, Any]) -> None:
    found = seen((*AT_HOME, replace(ARRIVED, **change)), BEGUN)
    assert moving(found, STATE, at(9 * HOUR_S)) == Moving(BEGUN, shift=TAKEN)


def test_a_move_is_over_when_the_copy_has_ended() -> None:
    present = seen((*AT_HOME, ARRIVED), HANDED_OVER)
    shift = Shift("s", "u", handed_over=True)
    assert moving(present, STATE, at(61)) == Moving(HANDED_OVER, shift=shift)
    ending = (replace(AT_HOME[0], deleting=True), AT_HOME[1], ARRIVED)
    found = moving(seen(ending, HANDED_OVER), STATE, at(120))
    assert found.record == OVER
    assert [note.reason for note in found.notes] == ["CopyMoved"]


@pytest.mark.parametrize(
    ("pods", "handed_over", "nodes", "copies", "ends"),
    [
        (AT_HOME, False, "stu", 3, ""),
        ((*AT_HOME, ARRIVED), False, "stu", 3, ""),
        # It has its label until it has ended: a kubelet that starts anew would refuse it.
        ((*AT_HOME, ARRIVED), True, "stu", 2, "p"),
        # Whatever is recorded, none ends while fewer others serve than are wanted.
        ((*AT_HOME, replace(ARRIVED, labels={})), True, "stu", 3, ""),
        (
            (AT_HOME[0], replace(AT_HOME[1], verified=False), ARRIVED),
            True,
            "stu",
            3,
            "",
        ),
    ],
)
def test_what_follows_from_a_move(
    *, pods: tuple[PodView, ...], handed_over: bool, nodes: str, copies: int, ends: str
) -> None:
    """The one that gets a copy has its label, and nobody else: v holds the artifact, too."""
    found = replace(seen(pods), shift=Shift("s", "u", handed_over=handed_over))
    place = layout(found, STATE, ())[A]
    assert "".join(sorted(place.nodes)) == nodes
    assert place.copies == copies
    assert released(found, A) == {f"uid-{name}" for name in ends}
    chosen = {satellite.name for satellite in place.satellites}
    assert {"t", "u"} <= chosen
    assert ("s" in chosen) is not handed_over
