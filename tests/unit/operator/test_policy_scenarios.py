"""Models that go by a RolloutPolicy, on a fleet on paper, with the promises watched throughout."""

from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import contact, digest_of, model_body
from paper_fleet.scenes import revision, serving, watched
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import ActionState, RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

CANARY: dict[str, Any] = {
    "steps": [{"wave": {"count": 1}}, {"weight": 50}, {"pause": {"duration": 60}}]
}
AT_ONCE: dict[str, Any] = {}


def body(number: int = 1, **more: Any) -> dict[str, Any]:
    return model_body(artifact_number=number, replicas=2, rollout={"policy": "careful"}, **more)


def found(fleet: PaperFleet, type_: str) -> tuple[str, str] | None:
    conditions = {c.type: (c.status, c.reason) for c in fleet.model().conditions}
    return conditions.get(type_)


def hosts(fleet: PaperFleet, number: int) -> set[str]:
    """Satellites on which something of a revision is, or may come."""
    label = names.node_revision_label("default", "m", revision(fleet, number))
    nodes = fleet.api.items(kinds.NODE)
    return {n["metadata"]["name"] for n in nodes if label in n["metadata"]["labels"]}


@pytest.fixture
def fleet() -> PaperFleet:
    """A model that serves by its policy, on two of four satellites."""
    made = watched(4)
    made.set_policy("careful", CANARY)
    made.ask("m", body())
    made.pass_time(60)
    assert made.model().phase is ModelPhase.HEALTHY
    assert found(made, "PolicyResolved") == ("True", "Found")
    return made


def remove(fleet: PaperFleet) -> None:
    fleet.api.delete(ObjectKey(kinds.ROLLOUT_POLICY, "careful"))


def test_the_steps_of_the_policy_are_taken(fleet: PaperFleet) -> None:
    fleet.ask("m", body(2))
    fleet.pass_time(40)
    assert len(hosts(fleet, 2)) == 1
    assert fleet.model().stable_revision == revision(fleet, 1)
    fleet.pass_time(90)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    passed = [note for note in fleet.api.announced if note.reason == "StepPassed"]
    assert len(passed) == 3


def test_a_model_waits_for_its_policy_and_serves_meanwhile() -> None:
    fleet = watched(3)
    fleet.ask("m", body())
    fleet.ask("other", model_body(artifact_number=7, replicas=1))
    fleet.pass_time(60)
    status = fleet.model()
    assert serving(fleet) == {}
    assert status.rollout is None
    assert status.message.endswith("waits: there is no RolloutPolicy careful.")
    assert found(fleet, "PolicyResolved") == ("False", "NotFound")
    assert fleet.model("other").phase is ModelPhase.HEALTHY
    fleet.set_policy("careful", AT_ONCE)
    fleet.pass_time(60)
    assert fleet.model().phase is ModelPhase.HEALTHY
    before = serving(fleet)
    remove(fleet)
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    assert serving(fleet) == before
    assert fleet.model().phase is ModelPhase.WAITING
    fleet.set_policy("careful", AT_ONCE)
    fleet.pass_time(60)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_a_policy_that_goes_in_mid_rollout_leaves_it_where_it_is(fleet: PaperFleet) -> None:
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    before, on = serving(fleet), hosts(fleet, 2)
    step = fleet.model().rollout
    assert step is not None
    assert sorted(before.values()).count(revision(fleet, 2)) == 1
    remove(fleet)
    # Longer than any deadline: nobody knows which one counts.
    fleet.pass_time(1500)
    status = fleet.model()
    assert serving(fleet) == before
    assert hosts(fleet, 2) == on
    assert status.phase is ModelPhase.WAITING
    assert status.message.endswith(
        f"is held, step {step.step + 1}: there is no RolloutPolicy careful."
    )
    assert status.rollout is not None
    assert status.rollout.withheld_since is not None
    assert (status.rollout.step, status.rollout.weight) == (step.step, 50)
    fleet.set_policy("careful", CANARY)
    fleet.pass_time(120)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_a_satellite_that_has_begun_when_the_policy_goes_gets_ready_and_no_other_begins() -> None:
    fleet = watched(3, contacts=[contact(0, 3000)])
    fleet.set_policy("careful", {"steps": [{"wave": {"count": 2}}, {"pause": {"duration": 1}}]})
    fleet.ask("m", body())
    fleet.pass_time(60)
    fleet.satellites["sat-1"].linked = fleet.satellites["sat-3"].linked = False
    fleet.ask("m", body(2))
    fleet.sweep()
    began = {node for node in fleet.satellites if digest_of(2) in assigned(fleet, node)}
    assert len(began) == 2
    remove(fleet)
    for satellite in fleet.satellites.values():
        satellite.linked = True
    fleet.pass_time(90)
    assert hosts(fleet, 2) == began
    assert {node for node in fleet.satellites if digest_of(2) in assigned(fleet, node)} == began


def assigned(fleet: PaperFleet, node: str) -> str:
    lease = fleet.api.get(ObjectKey(kinds.LEASE, node, names.HEARTBEAT_NAMESPACE))
    assert lease is not None
    return str(lease["metadata"]["annotations"].get(names.ASSIGNMENT_ANNOTATION, ""))


def test_what_speaks_against_a_candidate_aborts_it_without_its_policy_too(
    fleet: PaperFleet,
) -> None:
    fleet.files.failing.add(digest_of(2))
    fleet.ask("m", body(2))
    fleet.pass_time(10)
    remove(fleet)
    fleet.pass_time(60)
    status = fleet.model()
    assert status.aborted is not None
    assert status.aborted.reason == "GoldenSetFailed"
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


def test_the_way_back_does_not_wait_for_a_policy(fleet: PaperFleet) -> None:
    fleet.ask("m", body(2))
    fleet.pass_time(160)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    remove(fleet)
    fleet.ask("m", body(1))
    fleet.pass_time(60)
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert found(fleet, "PolicyResolved") == ("False", "NotFound")


def test_a_spec_that_changes_while_its_rollout_is_held_waits_beside_it(fleet: PaperFleet) -> None:
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    before = serving(fleet)
    remove(fleet)
    fleet.ask("m", body(3))
    fleet.pass_time(60)
    status = fleet.model()
    assert serving(fleet) == before
    assert status.candidate_revision == revision(fleet, 2)
    assert status.message.endswith("waits: there is no RolloutPolicy careful.")
    fleet.set_policy("careful", AT_ONCE)
    fleet.pass_time(60)
    assert set(serving(fleet).values()) == {revision(fleet, 3)}


@pytest.mark.parametrize(
    "spec", [{"deadline": -1}, {"steps": [{"analysis": {"golden": {}}}]}], ids=str
)
def test_a_policy_that_makes_no_sense_for_the_model_holds(
    fleet: PaperFleet, spec: dict[str, Any]
) -> None:
    before = serving(fleet)
    fleet.set_policy("careful", spec)
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    assert serving(fleet) == before
    assert fleet.model().phase is ModelPhase.WAITING
    condition = found(fleet, "PolicyResolved")
    assert condition is not None
    assert condition[0] == "False"


def test_times_of_the_models_own_that_make_no_sense_leave_a_rollout_where_it_is(
    fleet: PaperFleet,
) -> None:
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    before, rollout = serving(fleet), fleet.model().rollout
    assert sorted(before.values()).count(revision(fleet, 2)) == 1
    window = {"schedule": "0 0 * * *", "duration": 60, "timeZone": "Europe/Atlantis"}
    times = {"policy": "careful", "windows": [window]}
    fleet.ask("m", body(2) | {"rollout": times})
    fleet.pass_time(200)
    status = fleet.model()
    assert "spec is not valid: rollout.windows" in status.message
    assert serving(fleet) == before
    assert rollout is not None
    assert status.rollout is not None
    assert (status.rollout.step, status.rollout.weight) == (rollout.step, rollout.weight)
    assert status.rollout.analysis == rollout.analysis


def test_what_has_given_way_comes_nowhere_while_the_spec_makes_no_sense(
    fleet: PaperFleet,
) -> None:
    """The spec went back to the stable revision, and its times are wrong since the next moment."""
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    assert hosts(fleet, 2)
    fleet.ask("m", body(1))
    fleet.sweep()
    window = {"schedule": "0 0 * * *", "duration": 60, "timeZone": "Europe/Atlantis"}
    fleet.ask("m", body(1) | {"rollout": {"policy": "careful", "windows": [window]}})
    fleet.pass_time(60)
    assert "spec is not valid" in fleet.model().message
    assert not hosts(fleet, 2)


def test_nobody_skips_a_step_that_nobody_knows(fleet: PaperFleet) -> None:
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    remove(fleet)
    fleet.pass_time(10)
    before, skip = fleet.model().rollout, fleet.act(RolloutVerb.SKIP)
    fleet.pass_time(10)
    answer = fleet.answer(skip)
    assert answer.state is ActionState.REFUSED
    assert answer.message == "Nobody knows the steps: there is no RolloutPolicy careful."
    assert fleet.model().rollout == before
    abort = fleet.act(RolloutVerb.ABORT)
    fleet.pass_time(30)
    assert fleet.answer(abort).state is ActionState.DONE
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


def test_a_policy_that_changes_counts_for_rollouts_under_way(fleet: PaperFleet) -> None:
    fleet.ask("m", body(2))
    fleet.pass_time(60)
    assert fleet.model().rollout is not None
    fleet.set_policy("careful", {"steps": [{"pause": {"duration": 30}}]})
    fleet.pass_time(60)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_a_model_that_names_another_policy_goes_by_that(fleet: PaperFleet) -> None:
    fleet.set_policy("never", {"steps": [{"pause": {"duration": 100_000}}]})
    fleet.ask("m", model_body(artifact_number=2, rollout={"policy": "never"}))
    fleet.pass_time(200)
    assert fleet.model().stable_revision == revision(fleet, 1)
    fleet.ask("m", model_body(artifact_number=2, steps=[{"wave": {"count": 1}}]))
    fleet.pass_time(60)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert found(fleet, "PolicyResolved") is None
