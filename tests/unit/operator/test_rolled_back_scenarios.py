"""A board that goes back by itself, as the ground hears of it, on a fleet on paper."""

import json
from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import digest_of, model_body
from paper_fleet.scenes import revision, serving, watched
from perigee_api import names
from perigee_api.heartbeat import RolledBack
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds

CANARY: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"weight": 50}, {"pause": {"seconds": 600}}]


def two_revisions(**more: Any) -> PaperFleet:
    """The second one is being introduced over the first."""
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, **more))
    fleet.pass_time(60)
    return fleet


def pods_of(fleet: PaperFleet, number: int) -> list[Any]:
    name = revision(fleet, number)
    return [p for p in fleet.pods() if p["metadata"]["labels"][names.REVISION_LABEL] == name]


def go_back(fleet: PaperFleet, pod: Any, reason: str = "CrashLoop") -> str:
    """The Pod goes back on board; its satellite."""
    name: str = pod["spec"]["nodeName"]
    labels = pod["metadata"]["labels"]
    fleet.satellites[name].rolled_back = (
        RolledBack(
            pod=pod["metadata"]["uid"],
            model="default/m",
            failed=labels[names.REVISION_LABEL],
            revision=revision(fleet, 1),
            reason=reason,
            message="ended by itself 3 times",
        ),
    )
    return name


def environment(fleet: PaperFleet, number: int) -> dict[str, str]:
    """What the Pods of a revision are told."""
    item = next(
        item
        for item in fleet.api.items(kinds.REPLICA_SET)
        if item["metadata"]["labels"][names.REVISION_LABEL] == revision(fleet, number)
    )
    env = item["spec"]["template"]["spec"]["containers"][0]["env"]
    return {each["name"]: each.get("value", "") for each in env}


def test_a_revision_knows_the_way_back_to_what_was_stable_when_it_came() -> None:
    fleet = two_revisions()
    assert "PERIGEE_SUPERVISOR_FALLBACK" not in environment(fleet, 1)
    told = environment(fleet, 2)
    assert f"--revision={revision(fleet, 1)}" in json.loads(told["PERIGEE_SUPERVISOR_FALLBACK"])
    fleet.ask("m", model_body(artifact_number=3, replicas=2, steps=CANARY))
    fleet.pass_time(30)
    # A newer one goes back to the second, and the second still to the first: its Pods must not
    # change with what comes later.
    assert environment(fleet, 2) == told
    newest = json.loads(environment(fleet, 3)["PERIGEE_SUPERVISOR_FALLBACK"])
    assert f"--revision={revision(fleet, 2)}" in newest


def test_the_way_back_is_kept_on_board() -> None:
    fleet = two_revisions()
    fleet.ask("m", model_body(artifact_number=3, replicas=2, steps=CANARY))
    fleet.pass_time(60)
    for name, serves in serving(fleet).items():
        assert digest_of(1) in fleet.satellites[name].artifacts, serves


def test_a_candidate_that_the_board_went_back_from_is_aborted() -> None:
    fleet = two_revisions(steps=CANARY)
    first, second = revision(fleet, 1), revision(fleet, 2)
    assert fleet.model().candidate_revision == second
    (pod,) = pods_of(fleet, 2)
    satellite = go_back(fleet, pod)
    fleet.pass_time(60)
    status = fleet.model()
    assert status.phase is ModelPhase.DEGRADED
    assert status.aborted is not None
    assert (status.aborted.revision, status.aborted.reason) == (second, "RolledBackOnBoard")
    sentence = f"Revision {second} on {satellite} went back to {first} on board: CrashLoop"
    assert sentence in status.message
    assert set(serving(fleet).values()) == {first}
    # It is not sent there again, nor anywhere else.
    fleet.pass_time(300)
    assert pods_of(fleet, 2) == []


def test_a_person_may_try_it_again() -> None:
    fleet = two_revisions(steps=CANARY)
    (pod,) = pods_of(fleet, 2)
    satellite = go_back(fleet, pod)
    fleet.pass_time(60)
    fleet.act(RolloutVerb.RETRY)
    # The agent still tells of the Pod that is gone.
    fleet.pass_time(30)
    assert fleet.model().candidate_revision == revision(fleet, 2)
    assert fleet.satellites[satellite].rolled_back


def test_a_stable_revision_is_degraded_and_its_pod_stays_active() -> None:
    fleet = two_revisions()
    second = revision(fleet, 2)
    before = serving(fleet)
    assert fleet.model().stable_revision == second
    pod = pods_of(fleet, 2)[0]
    satellite = go_back(fleet, pod)
    fleet.pass_time(60)
    status = fleet.model()
    assert status.phase is ModelPhase.DEGRADED
    assert status.message.startswith("RolledBackOnBoard: ")
    assert satellite in status.message
    (condition,) = [c for c in status.conditions if c.type == "RolledBackOnBoard"]
    assert condition.status == "True"
    assert [entry.reason for entry in status.history].count("RolledBackOnBoard") == 1
    assert serving(fleet) == before
    assert pod["metadata"]["uid"] in {p["metadata"]["uid"] for p in fleet.pods()}

    fleet.satellites[satellite].rolled_back = ()
    fleet.pass_time(30)
    assert fleet.model().phase is ModelPhase.HEALTHY


@pytest.mark.parametrize("dark", [True, False])
def test_the_ground_learns_of_it_at_the_next_pass(dark: bool) -> None:  # noqa: FBT001
    fleet = two_revisions()
    pod = pods_of(fleet, 2)[0]
    satellite = fleet.satellites[pod["spec"]["nodeName"]]
    satellite.linked = not dark
    go_back(fleet, pod)
    fleet.pass_time(10)
    assert (fleet.model().phase is ModelPhase.DEGRADED) is not dark
    satellite.linked = True
    fleet.pass_time(10)
    assert fleet.model().phase is ModelPhase.DEGRADED
