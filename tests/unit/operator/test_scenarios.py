"""What a user sees happen, on a fleet on paper, with the promises watched throughout."""

from typing import Any

import pytest

from paper_fleet.fleet import fleet_of
from paper_fleet.intents import contact, digest_of, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import revision, serving, watched, where
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain import kinds
from perigee_operator.domain.rollout.pod_writes import DELETION_COST_ANNOTATION
from perigee_operator.domain.writes import ObjectKey

ACTIVE, IN_CONTACT = names.ACTIVE_LABEL, names.IN_CONTACT_LABEL
COST = {DELETION_COST_ANNOTATION: "7"}
CANARY: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"weight": 50}]


def test_the_first_revision_serves() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2, steps=CANARY))
    fleet.pass_time(60)
    status = fleet.model()
    assert (status.phase, status.active, status.message) == (ModelPhase.HEALTHY, 2, "")
    assert len(serving(fleet)) == 2
    assert where(fleet, IN_CONTACT) == where(fleet, ACTIVE)


def test_a_canary_is_promoted_and_the_way_back_moves_no_byte() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=CANARY))
    fleet.pass_time(100)
    first, second = revision(fleet, 1), revision(fleet, 2)
    assert set(serving(fleet).values()) == {second}
    assert fleet.model().previous_revision == first
    places = set(serving(fleet))
    assert all(digest_of(1) in fleet.satellites[name].artifacts for name in places)

    fleet.ask("m", model_body(artifact_number=1, replicas=2, steps=CANARY))
    fleet.pass_time(5)
    rollout = fleet.model().rollout
    assert rollout is not None
    assert rollout.direct
    fleet.pass_time(60)
    assert set(serving(fleet).values()) == {first}
    assert set(serving(fleet)) == places


@pytest.mark.parametrize("steps", [[], CANARY])
def test_a_bad_revision_is_caught(steps: list[dict[str, Any]]) -> None:
    fleet = watched(3)
    fleet.files.failing.add(digest_of(2))
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    before = serving(fleet)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=steps))
    fleet.pass_time(60)
    status = fleet.model()
    assert status.phase is ModelPhase.DEGRADED
    assert status.aborted is not None
    assert status.aborted.reason == "GoldenSetFailed"
    assert "agreement 0.41" in status.message
    assert f"revision {status.stable_revision} serves" in status.message
    assert serving(fleet) == before
    assert {p["metadata"]["labels"][names.REVISION_LABEL] for p in fleet.pods()} == {
        status.stable_revision
    }


def test_a_lost_satellite_s_work_moves_and_its_pod_is_adopted_on_return() -> None:
    fleet = watched(4)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    lost = min(serving(fleet))
    uids = {pod["metadata"]["uid"] for pod in fleet.pods()}
    fleet.satellites[lost].linked = False
    fleet.pass_time(100)
    assert fleet.satellite(lost).phase is SatellitePhase.LOST
    assert len(serving(fleet)) == 2
    assert lost not in serving(fleet)
    assert len(fleet.pods()) == 3

    fleet.satellites[lost].linked = True
    fleet.pass_time(60)
    assert {pod["metadata"]["uid"] for pod in fleet.pods()} == uids
    assert lost in serving(fleet)
    assert fleet.satellites[lost].containers[min(uids)].restarts == 0


def test_nothing_moves_stands_still() -> None:
    passes = [contact(0, 200, every=1000)]
    fleet = watched(3, contacts=passes)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(150)
    pods = [pod["metadata"]["uid"] for pod in fleet.pods()]
    fleet.pass_time(700)
    assert {fleet.satellite(name).phase for name in fleet.satellites} == {
        SatellitePhase.EXPECTED_DARK
    }
    assert [pod["metadata"]["uid"] for pod in fleet.pods()] == pods
    assert len(where(fleet, ACTIVE)) == 2
    assert where(fleet, IN_CONTACT) == set()
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_every_satellite_gets_the_candidate_at_its_own_pass() -> None:
    fleet = fleet_of(0)
    for number in range(3):
        passes = [contact(200 * number, 200 * number + 190, every=600)]
        fleet.add_satellite(f"sat-{number}", contacts=passes)
    fleet.observers.append(Promises(fleet).look)
    fleet.ask("m", model_body(replicas=None))
    fleet.pass_time(650)
    assert len(serving(fleet)) == 3
    fleet.ask("m", model_body(artifact_number=2, replicas=None))
    fleet.pass_time(100)
    status = fleet.model()
    assert status.candidate_revision in serving(fleet).values() or status.weight == 0
    assert len(serving(fleet)) == 3
    fleet.pass_time(650)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    # One that set before its routes were surely renewed ends the old Pod at its next pass.
    fleet.pass_time(650)
    assert len(fleet.pods()) == 3


def test_a_revision_whose_history_was_deleted_serves_on_until_another_does() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    first = revision(fleet, 1)
    fleet.api.remove(
        ObjectKey(kinds.CONTROLLER_REVISION, names.workload_name("m", first), "default")
    )
    fleet.ask("m", model_body(artifact_number=2, replicas=2))
    fleet.pass_time(5)
    assert set(serving(fleet).values()) == {first}
    fleet.pass_time(90)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert len(fleet.pods()) == 2


def test_a_pause_costs_a_candidate_no_time() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    hurried: dict[str, Any] = {"artifact_number": 2, "replicas": 2, "rollout": {"deadline": 60}}
    for satellite in fleet.satellites.values():
        satellite.agent_runs = False
    fleet.ask("m", model_body(**hurried, paused=True))
    fleet.pass_time(200)
    assert fleet.model().phase is ModelPhase.PAUSED
    for satellite in fleet.satellites.values():
        satellite.agent_runs = True
    fleet.ask("m", model_body(**hurried))
    fleet.pass_time(60)
    assert fleet.model().aborted is None
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_scaling_to_none_ends_everything_and_says_so() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.observers.clear()
    fleet.ask("m", model_body(replicas=0))
    fleet.pass_time(20)
    assert fleet.pods() == []
    assert fleet.model().message == "No copies are wanted."
    fleet.ask("m", model_body(artifact_number=2, replicas=0))
    fleet.pass_time(20)
    assert fleet.model().phase is ModelPhase.WAITING
    assert fleet.model().message.startswith("No copies are wanted; revision ")
