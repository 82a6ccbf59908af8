"""Satellites with room for a model and without, on a fleet on paper, with the promises watched."""

from functools import partial
from typing import Any

from paper_fleet.controllers import pod_key
from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import digest_of, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import serving
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

GPU = "nvidia.com/gpu"


def fleet_with(*memory: str) -> PaperFleet:
    """Satellites whose Nodes have so much, sat-1 and on; the sky is theirs at any time."""
    fleet = PaperFleet()
    fleet.observers.append(Promises(fleet).look)
    for number, each in enumerate(memory):
        fleet.add_satellite(f"sat-{number + 1}", allocatable={"memory": each, "cpu": "4"})
    return fleet


def wanting(memory: str, number: int = 1, replicas: int | None = 2, **more: Any) -> dict[str, Any]:
    resources = {"requests": {"memory": memory}}
    return model_body(artifact_number=number, replicas=replicas, resources=resources, **more)


def told(fleet: PaperFleet, number: int = 1) -> set[str]:
    """Satellites that have been sent an artifact."""
    return {s.name for s in fleet.satellites.values() if digest_of(number) in s.artifacts}


def test_copies_and_bytes_go_to_those_with_room_only() -> None:
    fleet = fleet_with("1Gi", "1Gi", "4Gi", "1Gi", "4Gi", "4Gi")
    fleet.ask("m", wanting("2Gi"))
    fleet.pass_time(90)
    assert set(serving(fleet)) == {"sat-3", "sat-5"}
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert told(fleet) == {"sat-3", "sat-5", "sat-6"}, "a standby is one that could take over"


def test_the_stand_in_for_a_lost_copy_goes_where_there_is_room() -> None:
    fleet = fleet_with("4Gi", "4Gi", "1Gi", "1Gi", "4Gi")
    fleet.ask("m", wanting("2Gi"))
    fleet.pass_time(90)
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    fleet.satellites["sat-1"].linked = False
    fleet.pass_time(300)
    assert fleet.satellite("sat-1").phase is SatellitePhase.LOST
    assert set(serving(fleet)) == {"sat-2", "sat-5"}
    assert told(fleet) == {"sat-1", "sat-2", "sat-5"}
    fleet.satellites["sat-1"].linked = True
    fleet.pass_time(120)
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    assert told(fleet) == {"sat-1", "sat-2", "sat-5"}


def test_two_models_that_compete_for_room_find_each_its_own() -> None:
    fleet = fleet_with("3Gi", "3Gi", "3Gi", "1Gi")
    fleet.ask("m", wanting("2Gi"))
    fleet.ask("other", wanting("2Gi", number=2, replicas=1))
    fleet.pass_time(120)
    hosts = {name: {pod["spec"]["nodeName"] for pod in fleet.pods(name)} for name in ("m", "other")}
    assert hosts["m"] | hosts["other"] == {"sat-1", "sat-2", "sat-3"}
    assert fleet.model("m").phase is fleet.model("other").phase is ModelPhase.HEALTHY
    # Nobody has room for the stand-in: it says so, and who serves is left alone.
    (other,) = hosts["other"]
    fleet.satellites[other].linked = False
    fleet.pass_time(300)
    status = fleet.model("other")
    assert status.phase is ModelPhase.WAITING
    full = ", ".join(
        f"{name} has 1Gi of the 2Gi of memory asked for" for name in sorted(hosts["m"])
    )
    assert status.message.startswith("0 of 1 copies serve. No satellite qualifies: ")
    assert all(part in status.message for part in full.split(", "))
    assert "sat-4 has 1Gi of the 2Gi of memory asked for" in status.message
    assert {pod["spec"]["nodeName"] for pod in fleet.pods("m")} == hosts["m"]
    # Room comes: the stand-in starts without anybody's help.
    fleet.ask("m", wanting("2Gi", replicas=1))
    fleet.pass_time(120)
    assert fleet.model("other").phase is ModelPhase.HEALTHY


def test_where_nobody_has_room_nothing_is_sent_and_the_status_says_who_lacks_what() -> None:
    fleet = fleet_with("4Gi", "1Gi")
    fleet.ask("m", wanting("100Gi", replicas=1))
    fleet.pass_time(60)
    status = fleet.model()
    assert status.phase is ModelPhase.WAITING
    assert status.message == (
        "No satellite qualifies: sat-1 has 4Gi of the 100Gi of memory asked for, "
        "sat-2 has 1Gi of the 100Gi of memory asked for."
    )
    assert told(fleet) == set()


def test_an_accelerator_that_is_asked_for_is_one_that_the_node_offers() -> None:
    fleet = fleet_with("4Gi")
    fleet.add_satellite("sat-2", allocatable={"memory": "4Gi", GPU: "1"})
    fleet.ask("m", model_body(replicas=1, resources={"limits": {GPU: "1"}}))
    fleet.pass_time(90)
    assert set(serving(fleet)) == {"sat-2"}
    assert told(fleet) == {"sat-2"}


def test_a_candidate_without_room_beside_what_serves_is_given_up_in_the_end() -> None:
    fleet = fleet_with("3Gi", "3Gi")
    fleet.ask("m", wanting("2Gi"))
    fleet.pass_time(90)
    before = [pod_key(pod) for pod in fleet.pods()]
    fleet.ask("m", wanting("2Gi", number=2, rollout={"deadline": 60}))
    fleet.pass_time(30)
    said = "sat-1 has 1Gi of the 2Gi of memory asked for"
    assert fleet.model().phase is ModelPhase.WAITING
    assert said in fleet.model().message
    fleet.pass_time(300)
    status = fleet.model()
    assert status.aborted is not None
    assert status.aborted.reason == "DeadlineExceeded"
    assert said in status.aborted.message
    assert told(fleet, 2) == set()
    assert [pod_key(pod) for pod in fleet.pods()] == before
    assert set(serving(fleet)) == {"sat-1", "sat-2"}


def test_a_candidate_goes_first_to_those_with_room_beside_what_serves() -> None:
    fleet = fleet_with("3Gi", "3Gi", "3Gi", "5Gi")
    fleet.ask("m", wanting("2Gi"))
    fleet.pass_time(90)
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    fleet.ask("m", wanting("2Gi", number=2))
    fleet.pass_time(200)
    assert set(serving(fleet)) == {"sat-3", "sat-4"}
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_what_runs_stays_whatever_its_node_says_later() -> None:
    fleet = fleet_with("4Gi", "4Gi", "4Gi")
    fleet.ask("m", wanting("2Gi"))
    fleet.pass_time(90)
    before = [pod_key(pod) for pod in fleet.pods()]
    shrunk = partial(_allocate, memory="1Gi")
    for name in fleet.satellites:
        fleet.api.change(ObjectKey(kinds.NODE, name), shrunk)
    fleet.pass_time(120)
    assert [pod_key(pod) for pod in fleet.pods()] == before
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_where_a_model_is_on_every_satellite_it_says_which_are_too_small() -> None:
    fleet = fleet_with("4Gi", "4Gi")
    fleet.ask("m", wanting("2Gi", replicas=None))
    fleet.pass_time(90)
    assert fleet.model().phase is ModelPhase.HEALTHY
    fleet.add_satellite("sat-3", allocatable={"memory": "1Gi"})
    fleet.pass_time(90)
    status = fleet.model()
    assert status.phase is ModelPhase.DEGRADED
    assert status.message == (
        "2 of 3 copies serve; only 2 satellites qualify: "
        "sat-3 has 1Gi of the 2Gi of memory asked for."
    )
    assert told(fleet) == {"sat-1", "sat-2"}


def _allocate(node: dict[str, Any], memory: str) -> None:
    node["status"]["allocatable"]["memory"] = memory


def drawing(watts: float, number: int = 1, **more: Any) -> dict[str, Any]:
    return model_body(artifact_number=number, replicas=1, resources={"power": watts}, **more)


def served_on(fleet: PaperFleet, model: str) -> set[str]:
    """Satellites on which a model serves."""
    wanted = {names.MODEL_LABEL: model, names.ACTIVE_LABEL: "true"}
    pods = fleet.values(kinds.POD)
    return {
        p["spec"]["nodeName"] for p in pods if wanted.items() <= p["metadata"]["labels"].items()
    }


def test_models_share_the_power_that_satellites_have() -> None:
    fleet = fleet_with("4Gi", "4Gi", "4Gi")
    for name, watts in (("sat-1", 5), ("sat-2", 3)):
        fleet.amend_satellite(name, hardware={"power": watts})
    fleet.ask("m", drawing(4))
    fleet.ask("other", drawing(3, 2))
    fleet.pass_time(90)
    assert served_on(fleet, "m") == {"sat-1"}
    assert served_on(fleet, "other") == {"sat-2"}
    assert told(fleet) | told(fleet, 2) == {"sat-1", "sat-2"}, "sat-3 says nothing of power"
    fleet.ask("third", drawing(1.5, 3))
    fleet.pass_time(90)
    assert served_on(fleet, "third") == set()
    assert "sat-1 has 1 W of the 1.5 W of power asked for" in fleet.model("third").message
    fleet.amend_satellite("sat-3", hardware={"power": 1.5})
    fleet.pass_time(90)
    assert served_on(fleet, "third") == {"sat-3"}


def test_where_two_revisions_draw_too_much_one_takes_the_other_s_place() -> None:
    fleet = fleet_with("4Gi", "4Gi")
    for name in ("sat-1", "sat-2"):
        fleet.amend_satellite(name, hardware={"power": 5})
    rollout = {"strategy": "Auto", "steps": []}
    resources = {"power": 3}
    fleet.ask("m", model_body(replicas=2, resources=resources, rollout=rollout))
    fleet.pass_time(90)
    fleet.ask("m", model_body(replicas=2, artifact_number=2, resources=resources, rollout=rollout))
    fleet.pass_time(300)
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert fleet.model().previous_revision is not None
