"""What people ask of a rollout, and what comes of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import model_spec
from paper_fleet.views import at
from perigee_api.inference_model import AbortedRollout, PinnedRevision, RolloutStatus
from perigee_api.rollout_action import RolloutActionSpec, RolloutVerb
from perigee_operator.domain.rollout.rollout_state import RolloutState, aimed_at, target
from perigee_operator.domain.rollout.verbs import (
    Bearings,
    Carried,
    RefusedActionError,
    carried_out,
)

STEPS: tuple[dict[str, Any], ...] = ({"wave": {"count": 1}}, {"pause": {}}, {"weight": 50})
BEARINGS = Bearings(
    wanted="b",
    promoted=frozenset({"a", "z"}),
    steps=tuple(model_spec(steps=list(STEPS)).rollout.steps),
    now=at(60),
)
SETTLED = RolloutState(stable="a", previous="z")
UNDER_WAY = replace(
    SETTLED, rollout=RolloutStatus(candidate="b", started=at(0), step_started=at(10))
)
GIVEN_UP = replace(
    SETTLED, aborted=AbortedRollout(revision="b", reason="R", message="m", time=at(9))
)
PINNED = PinnedRevision(revision="z", instead_of="b", by="alice", time=at(60))


def rollout(state: RolloutState, **changes: Any) -> RolloutState:
    assert state.rollout is not None
    return replace(state, rollout=state.rollout.model_copy(update=changes))


def asked(verb: RolloutVerb, state: RolloutState, revision: str | None = None) -> Carried:
    action = RolloutActionSpec(model="m", verb=verb, by="alice", revision=revision, reason="snow")
    return carried_out(state, action, BEARINGS)


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        (
            RolloutVerb.PROMOTE,
            rollout(UNDER_WAY, held=True),
            rollout(UNDER_WAY, step=3, all_passed=True, step_started=at(60)),
        ),
        (RolloutVerb.SKIP, UNDER_WAY, rollout(UNDER_WAY, step=1, step_started=at(60))),
        (
            RolloutVerb.SKIP,
            rollout(UNDER_WAY, step=2),
            rollout(UNDER_WAY, step=3, all_passed=True, step_started=at(60)),
        ),
        (RolloutVerb.PAUSE, UNDER_WAY, rollout(UNDER_WAY, held=True)),
        (
            RolloutVerb.RESUME,
            rollout(UNDER_WAY, held=True),
            rollout(UNDER_WAY, step_started=at(60)),
        ),
        (
            RolloutVerb.RESUME,
            rollout(UNDER_WAY, step=1),
            rollout(UNDER_WAY, step=2, step_started=at(60)),
        ),
        (RolloutVerb.RETRY, GIVEN_UP, SETTLED),
        (RolloutVerb.RETRY, replace(SETTLED, pinned=PINNED), SETTLED),
    ],
)
def test_what_a_verb_does(verb: RolloutVerb, before: RolloutState, after: RolloutState) -> None:
    assert asked(verb, before)[0] == after


@pytest.mark.parametrize(
    ("verb", "before", "revision", "why"),
    [
        (RolloutVerb.PROMOTE, SETTLED, None, "no rollout is under way"),
        (RolloutVerb.PROMOTE, UNDER_WAY, "x", "revision b is under way, not x"),
        (RolloutVerb.PROMOTE, rollout(UNDER_WAY, direct=True), None, "no steps left"),
        (RolloutVerb.SKIP, rollout(UNDER_WAY, all_passed=True, step=3), None, "no steps left"),
        (RolloutVerb.PAUSE, rollout(UNDER_WAY, held=True), None, "paused already"),
        (RolloutVerb.RESUME, UNDER_WAY, None, "nobody has paused revision b"),
        (RolloutVerb.RESUME, rollout(UNDER_WAY, direct=True), None, "nobody has paused"),
        (RolloutVerb.ABORT, SETTLED, None, "no rollout is under way"),
        (RolloutVerb.RETRY, SETTLED, None, "revision b was not given up"),
        (RolloutVerb.RETRY, GIVEN_UP, "x", "the spec names revision b"),
        (RolloutVerb.ROLL_BACK, RolloutState(stable="a"), None, "no revision before"),
        (RolloutVerb.ROLL_BACK, SETTLED, "x", "in the history: a, z"),
        (RolloutVerb.ROLL_BACK, SETTLED, "a", "revision a serves already"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_why(
    verb: RolloutVerb, before: RolloutState, revision: str | None, why: str
) -> None:
    with pytest.raises(RefusedActionError, match=why):
        asked(verb, before, revision)


def test_abort_keeps_the_stable_revision_and_says_who() -> None:
    after, message = asked(RolloutVerb.ABORT, UNDER_WAY, "b")
    assert (after.stable, after.rollout) == ("a", None)
    assert after.aborted is not None
    assert (after.aborted.revision, after.aborted.reason) == ("b", "AbortedByPerson")
    assert after.aborted.message == "alice has ended it: snow"
    assert message == "Revision b is given up; revision a serves."


@pytest.mark.parametrize(
    ("before", "to", "candidate", "pinned"),
    [
        (SETTLED, None, "z", PINNED),
        (UNDER_WAY, None, "z", PINNED),
        (UNDER_WAY, "a", None, PINNED.model_copy(update={"revision": "a"})),
        (GIVEN_UP, "z", "z", PINNED),
    ],
)
def test_the_way_back_needs_no_steps(
    before: RolloutState, to: str | None, candidate: str | None, pinned: PinnedRevision
) -> None:
    after, _ = asked(RolloutVerb.ROLL_BACK, before, to)
    assert (after.candidate, after.aborted, after.pinned) == (candidate, None, pinned)
    if after.rollout is not None:
        assert after.rollout.direct


def test_the_way_back_to_what_the_spec_names_pins_nothing() -> None:
    bearings = replace(BEARINGS, wanted="z")
    action = RolloutActionSpec(model="m", verb=RolloutVerb.ROLL_BACK, by="alice")
    after, _ = carried_out(replace(SETTLED, pinned=PINNED), action, bearings)
    assert (after.candidate, after.pinned) == ("z", None)


def test_a_way_back_holds_until_the_spec_names_another_revision() -> None:
    pinned = replace(SETTLED, pinned=PINNED)
    assert target(pinned, "b") == (pinned, "z")
    assert target(pinned, "c") == (SETTLED, "c")
    assert target(SETTLED, "b") == (SETTLED, "b")


@given(
    st.sampled_from(RolloutVerb),
    st.sampled_from([SETTLED, UNDER_WAY, GIVEN_UP, replace(SETTLED, pinned=PINNED)]),
    st.sampled_from([None, "a", "b", "x", "z"]),
    st.integers(0, 3),
    st.sampled_from([True, False]),
)
def test_nobody_takes_away_what_serves(
    verb: RolloutVerb,
    state: RolloutState,
    revision: str | None,
    step: int,
    held: bool,  # noqa: FBT001
) -> None:
    if state.rollout is not None:
        state = rollout(state, step=step, all_passed=step == len(STEPS), held=held)
    try:
        after, message = asked(verb, state, revision)
    except RefusedActionError:
        return
    assert (after.stable, after.previous) == (state.stable, state.previous)
    assert message.endswith(".")
    aimed, wanted = target(after, BEARINGS.wanted)
    assert aimed_at(aimed, wanted, promoted_before=False, now=at(60)).candidate in {
        None,
        wanted,
        after.candidate,
    }
