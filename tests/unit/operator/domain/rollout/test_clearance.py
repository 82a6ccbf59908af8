from typing import Any

import pytest

from paper_fleet.intents import START, contact, model_spec
from paper_fleet.views import at, model_view, satellite
from perigee_api.inference_model import RolloutStatus
from perigee_api.rollout_policy import RolloutPolicySpec
from perigee_operator.domain.fleet import PolicyView
from perigee_operator.domain.rollout.clearance import (
    CLEAR,
    Clearance,
    clearance_of,
    counted_from_release,
    noted,
)
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.terms import terms_of

HELD = Clearance("there is no RolloutPolicy careful")
REVERTING = Clearance("outside its windows", reverts=True)
OPEN, CLOSED = contact(0, 100), contact(200, 300)


def status(*, direct: bool = False, step_s: float = 0, **more: Any) -> RolloutStatus:
    moments = {"started": at(0), "step_started": at(step_s)}
    return RolloutStatus(candidate="b", direct=direct, **moments, **more)


def cleared(now_s: float = 0, said: dict[str, Any] | None = None, **own: Any) -> Clearance:
    """Of a model, which goes by a policy if that is given."""
    named = {} if said is None else {"policy": "careful"}
    spec = model_spec(rollout=named | own)
    policy = None if said is None else PolicyView("careful", RolloutPolicySpec.model_validate(said))
    return clearance_of(terms_of(model_view(spec, policy=policy), spec), at(now_s))


@pytest.mark.parametrize(
    ("state", "held"),
    [
        (RolloutState(stable="a", rollout=status()), True),
        (RolloutState(stable="a", rollout=status(direct=True)), False),
        (RolloutState(rollout=status(direct=True)), True),
        (RolloutState(stable="a"), True),
    ],
)
def test_the_way_back_alone_is_always_free(state: RolloutState, *, held: bool) -> None:
    assert (HELD.on(state).hold is not None) == held
    assert CLEAR.on(state).hold is None


def test_who_has_begun_goes_on_and_nobody_else_begins() -> None:
    chosen = [satellite(name) for name in "xyz"]
    assert CLEAR.wave(chosen, lambda _: False) == tuple(chosen)
    held = HELD.wave(chosen, lambda s: s.name == "y")
    assert [s.name for s in held] == ["y"]


def test_a_hold_and_its_end_are_each_noted_once() -> None:
    state = RolloutState(stable="a", rollout=status())
    assert noted(state, CLEAR, at(5)) is state
    held = noted(state, HELD, at(10.7))
    assert held.rollout is not None
    assert (held.rollout.withheld_since, held.rollout.let_go_on) == (at(10), None)
    assert noted(held, HELD, at(20)) is held
    freed = noted(held, CLEAR, at(30))
    assert freed.rollout is not None
    assert (freed.rollout.withheld_since, freed.rollout.let_go_on) == (None, at(30))
    assert noted(freed, CLEAR, at(40)) is freed
    without = RolloutState(stable="a")
    assert noted(without, HELD, at(10)) is without


@pytest.mark.parametrize(("let_go_on", "expected"), [(None, 10), (5, 10), (30, 30)])
def test_deadlines_count_from_the_end_of_the_last_hold(
    let_go_on: float | None, expected: float
) -> None:
    moment = None if let_go_on is None else at(let_go_on)
    begun = status(step_s=10).model_copy(update={"let_go_on": moment})
    assert counted_from_release(begun).step_started == at(expected)


@pytest.mark.parametrize(
    ("own", "hold", "reason", "changes_s"),
    [
        ({"windows": [OPEN]}, None, "Open", 100),
        (
            {"windows": [CLOSED]},
            "outside its windows; the next opens 2026-03-01 12:03 UTC",
            "OutsideWindows",
            200,
        ),
        (
            {"windows": [contact(-9, -1)]},
            "outside its windows; none opens any more",
            "OutsideWindows",
            None,
        ),
        (
            {"blackouts": [OPEN]},
            "in a blackout; it may go on 2026-03-01 12:01 UTC",
            "Blackout",
            100,
        ),
        (
            {"blackouts": [OPEN, contact(50, 3600)]},
            "in a blackout; it may go on 2026-03-01 13:00 UTC",
            "Blackout",
            100,
        ),
        ({"blackouts": [contact(-9, -1)]}, None, "Open", None),
        (
            {"notBefore": at(60).isoformat()},
            "not yet; it may begin 2026-03-01 12:01 UTC",
            "NotBefore",
            60,
        ),
        (
            {"notBefore": at(400).isoformat(), "windows": [CLOSED]},
            "not yet; no window opens after that",
            "NotBefore",
            400,
        ),
    ],
)
def test_what_the_times_allow(
    own: dict[str, Any], hold: str | None, reason: str, changes_s: float | None
) -> None:
    found = cleared(**own)
    assert found.hold == hold
    assert found.conditions["InWindow"].holds == (hold is None)
    assert found.conditions["InWindow"].reason == reason
    assert found.changes_at == (None if changes_s is None else at(changes_s))
    assert found.next_change_s(START, None) == changes_s
    assert found.next_change_s(START, 5) == 5


def test_who_says_nothing_of_times_has_no_condition_on_them() -> None:
    assert cleared() == CLEAR


@pytest.mark.parametrize(
    ("own", "said", "held"),
    [
        ({}, {"windows": [CLOSED]}, True),
        ({"windows": [OPEN]}, {"windows": [CLOSED]}, False),
        ({"windows": [CLOSED]}, {"windows": [OPEN]}, True),
        ({"windows": []}, {"windows": [CLOSED]}, False),
        ({}, {"blackouts": [OPEN]}, True),
        ({"blackouts": [CLOSED]}, {"blackouts": [OPEN]}, True),
        ({"blackouts": [OPEN]}, {"blackouts": [CLOSED]}, True),
        ({"notBefore": START.isoformat()}, {"notBefore": at(60).isoformat()}, False),
        ({}, {"notBefore": at(60).isoformat()}, True),
    ],
)
def test_a_model_beside_its_policy(
    own: dict[str, Any], said: dict[str, Any], *, held: bool
) -> None:
    assert (cleared(said=said, **own).hold is not None) == held


@pytest.mark.parametrize(
    ("own", "said", "expected"),
    [
        ({}, {}, (False, False)),
        ({}, {"atWindowEnd": "revert", "onlyInContact": True}, (True, True)),
        ({"atWindowEnd": "hold"}, {"atWindowEnd": "revert", "onlyInContact": True}, (False, True)),
        ({"onlyInContact": False}, {"atWindowEnd": "revert", "onlyInContact": True}, (True, False)),
        ({"atWindowEnd": "revert", "onlyInContact": True}, {}, (True, True)),
    ],
)
def test_what_becomes_of_it_outside(
    own: dict[str, Any], said: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    found = cleared(said=said, windows=[CLOSED], **own)
    assert (found.reverts, found.only_in_contact) == expected
    within = cleared(said=said, windows=[OPEN], **own)
    assert (within.reverts, within.only_in_contact) == (False, expected[1])


def test_times_that_make_no_sense_are_the_model_s_own_fault() -> None:
    nowhere = {"schedule": "0 2 * * *", "duration": 60, "timeZone": "Mars/Olympus"}
    found = cleared(windows=[nowhere])
    assert found.invalid is not None
    assert found.hold == found.invalid
    assert found.invalid.startswith("spec is not valid: rollout.windows[0].timeZone: there is no")
    assert (found.conditions["SpecValid"].holds, found.reverts) == (False, False)
    of_policy = cleared(said={"windows": [nowhere]})
    assert of_policy.invalid is None
    assert of_policy.conditions["PolicyResolved"].reason == "Invalid"
    assert of_policy.hold is not None
    assert of_policy.hold.startswith("RolloutPolicy careful is not valid: windows[0].timeZone: ")


def test_without_its_policy_nothing_is_put_back() -> None:
    own = {"policy": "careful", "windows": [OPEN], "atWindowEnd": "revert"}
    spec = model_spec(rollout=own)
    found = clearance_of(terms_of(model_view(spec), spec), at(0))
    assert found.hold == "there is no RolloutPolicy careful"
    assert not found.reverts


def test_only_what_is_in_reach_is_started_on_or_what_has_begun() -> None:
    wave = [satellite("x"), satellite("y", reachable=False), satellite("z", reachable=False)]
    found = Clearance(only_in_contact=True).started(wave, lambda s: s.name == "z")
    assert [s.name for s in found] == ["x", "z"]
    assert CLEAR.started(wave, lambda _: False) == tuple(wave)


def test_what_was_put_back_stays_so_until_it_is_let_go_on_and_then_begins_its_step_anew() -> None:
    state = RolloutState(stable="a", rollout=status(step_s=5))
    reverted = noted(state, REVERTING.on(state), at(10))
    assert reverted.rollout is not None
    assert (reverted.rollout.withheld_since, reverted.rollout.reverted) == (at(10), True)
    assert HELD.on(reverted).reverts
    assert noted(reverted, HELD.on(reverted), at(20)) is reverted
    freed = noted(reverted, CLEAR.on(reverted), at(30))
    assert freed.rollout is not None
    assert (freed.rollout.reverted, freed.rollout.step_started) == (False, at(30))
    held = noted(state, HELD.on(state), at(10))
    let_go = noted(held, CLEAR.on(held), at(30))
    assert let_go.rollout is not None
    assert let_go.rollout.step_started == at(5)


def test_what_is_held_may_be_put_back_later() -> None:
    state = RolloutState(stable="a", rollout=status(withheld_since=at(10)))
    found = noted(state, REVERTING.on(state), at(20))
    assert found.rollout is not None
    assert (found.rollout.withheld_since, found.rollout.reverted) == (at(10), True)


def test_the_first_revision_has_nothing_to_be_put_back_to() -> None:
    assert not REVERTING.on(RolloutState(rollout=status(direct=True))).reverts
