"""People decide about rollouts on a fleet on paper, with the promises watched throughout."""

from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import model_body
from paper_fleet.scenes import revision, serving, watched
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import ActionState, RolloutVerb

GATED: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {}}, {"weight": 50}]


@pytest.fixture
def fleet() -> PaperFleet:
    """The first revision serves; the second waits until somebody says go."""
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=GATED))
    fleet.pass_time(60)
    status = fleet.model()
    assert (status.phase, status.rollout and status.rollout.step) == (ModelPhase.WAITING, 1)
    assert "until somebody asks for Resume" in status.message
    return fleet


def ask(fleet: PaperFleet, verb: RolloutVerb, **more: Any) -> tuple[ActionState | None, str]:
    action = fleet.act(verb, **more)
    fleet.pass_time(60)
    answer = fleet.answer(action)
    return answer.state, answer.message


def test_somebody_says_go(fleet: PaperFleet) -> None:
    assert ask(fleet, RolloutVerb.RESUME)[0] is ActionState.DONE
    assert fleet.model().stable_revision == revision(fleet, 2)
    reasons = [entry.reason for entry in fleet.model().history]
    assert reasons == [
        "RolloutStarted",
        "Promoted",
        "RolloutStarted",
        "StepPassed",
        "RolloutResumed",
        "StepPassed",
        "Promoted",
    ]
    assert fleet.model().history[4].by == "alice"


def test_somebody_promotes(fleet: PaperFleet) -> None:
    assert ask(fleet, RolloutVerb.PROMOTE, revision=revision(fleet, 2))[0] is ActionState.DONE
    assert fleet.model().stable_revision == revision(fleet, 2)


def test_somebody_aborts_and_tries_again(fleet: PaperFleet) -> None:
    assert ask(fleet, RolloutVerb.ABORT, reason="snow")[0] is ActionState.DONE
    status = fleet.model()
    assert status.phase is ModelPhase.DEGRADED
    assert "alice has ended it: snow" in status.message
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    assert ask(fleet, RolloutVerb.RETRY)[0] is ActionState.DONE
    assert fleet.model().candidate_revision == revision(fleet, 2)


def test_somebody_holds_it_and_lets_it_go(fleet: PaperFleet) -> None:
    assert ask(fleet, RolloutVerb.PAUSE)[0] is ActionState.DONE
    assert fleet.model().phase is ModelPhase.PAUSED
    before = fleet.model()
    fleet.pass_time(60)
    assert fleet.model() == before, "what is paused writes nothing"
    assert ask(fleet, RolloutVerb.RESUME)[0] is ActionState.DONE
    assert fleet.model().phase is ModelPhase.WAITING
    assert ask(fleet, RolloutVerb.RESUME)[0] is ActionState.DONE
    assert fleet.model().stable_revision == revision(fleet, 2)


def test_somebody_goes_back_and_the_spec_is_not_followed_until_it_changes(
    fleet: PaperFleet,
) -> None:
    ask(fleet, RolloutVerb.PROMOTE)
    first, second = revision(fleet, 1), revision(fleet, 2)
    assert ask(fleet, RolloutVerb.ROLL_BACK)[0] is ActionState.DONE
    status = fleet.model()
    assert (status.stable_revision, status.phase) == (first, ModelPhase.DEGRADED)
    assert status.message.startswith(f"Revision {first} serves, as alice asked; {second}")
    assert set(serving(fleet).values()) == {first}
    fleet.pass_time(120)
    assert fleet.model() == status
    fleet.ask("m", model_body(artifact_number=3, replicas=2))
    fleet.pass_time(60)
    assert (fleet.model().stable_revision, fleet.model().pinned) == (revision(fleet, 3), None)


def test_after_a_way_back_the_spec_can_be_followed_again(fleet: PaperFleet) -> None:
    ask(fleet, RolloutVerb.PROMOTE)
    ask(fleet, RolloutVerb.ROLL_BACK)
    assert ask(fleet, RolloutVerb.RETRY)[0] is ActionState.DONE
    assert fleet.model().stable_revision == revision(fleet, 2)
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_the_spec_may_name_a_revision_of_the_history(fleet: PaperFleet) -> None:
    ask(fleet, RolloutVerb.PROMOTE)
    first = revision(fleet, 1)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=GATED, revision=first))
    fleet.pass_time(60)
    assert (fleet.model().stable_revision, fleet.model().phase) == (first, ModelPhase.HEALTHY)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, revision="00000000"))
    fleet.pass_time(60)
    status = fleet.model()
    assert (status.stable_revision, status.phase) == (first, ModelPhase.DEGRADED)
    assert status.message == "Revision 00000000 is not in the history."


def test_what_makes_no_sense_is_refused(fleet: PaperFleet) -> None:
    assert ask(fleet, RolloutVerb.PROMOTE, revision="00000000")[0] is ActionState.REFUSED
    assert ask(fleet, RolloutVerb.PROMOTE, model="other") == (
        ActionState.REFUSED,
        "There is no InferenceModel other in namespace default.",
    )


def test_several_are_carried_out_one_after_the_other(fleet: PaperFleet) -> None:
    actions = [fleet.act(verb) for verb in (RolloutVerb.PAUSE, RolloutVerb.RESUME)]
    fleet.pass_time(10)
    assert {fleet.answer(action).state for action in actions} == {ActionState.DONE}
    rollout = fleet.model().rollout
    assert rollout is not None
    assert not rollout.held
