"""Satellites and users come, go and err, on a fleet on paper, with the promises watched."""

from copy import deepcopy
from typing import Any

import pytest

from paper_fleet.api_server import Item
from paper_fleet.controllers import pod_key
from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import contact, digest_of, model_body, satellite_body
from paper_fleet.scenes import revision, serving, watched
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain import kinds
from perigee_operator.domain.rollout.pod_writes import DELETION_COST_ANNOTATION
from perigee_operator.domain.writes import ObjectKey

ACTIVE, IN_CONTACT = names.ACTIVE_LABEL, names.IN_CONTACT_LABEL
COST = {DELETION_COST_ANNOTATION: "7"}
CANARY: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"weight": 50}]


def test_a_deleted_satellite_leaves_its_node_clean_when_others_stand_in() -> None:
    fleet = watched(4)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    gone = min(serving(fleet))
    fleet.api.delete(ObjectKey(kinds.SATELLITE_NODE, gone))
    fleet.observers.clear()
    fleet.pass_time(90)
    labels = fleet.node(gone)["metadata"]["labels"]
    assert labels == {"kubernetes.io/arch": "arm64"}
    assert len(serving(fleet)) == 2
    assert gone not in serving(fleet)


def test_a_pod_bound_to_a_node_as_that_left_ends_and_another_serves() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    gone = min(serving(fleet))
    fleet.observers.clear()
    fleet.api.delete(ObjectKey(kinds.SATELLITE_NODE, gone))
    fleet.pass_time(90)
    left, late = ObjectKey(kinds.NODE, gone), pod_key(fleet.pods()[0])
    before = deepcopy(fleet.node(gone)["metadata"])
    label = names.node_revision_label("default", "m", revision(fleet, 1))
    open_to_it = {names.SATELLITE_LABEL: "true", label: "true"}
    fleet.api.change(left, lambda node: node["metadata"]["labels"].update(open_to_it))
    fleet.api.change(late, lambda pod: pod["spec"].update(nodeName=gone))
    fleet.satellites[gone].talk(fleet.api, fleet.now)  # its kubelet has taken it in time
    fleet.api.change(left, lambda node: node.update(metadata=before))
    fleet.pass_time(90)
    assert serving(fleet).keys() == fleet.satellites.keys() - {gone}
    assert {pod["spec"]["nodeName"] for pod in fleet.pods()} == serving(fleet).keys()
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_a_deleted_satellite_leaves_a_model_for_every_satellite() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=None))
    fleet.pass_time(60)
    fleet.observers.clear()
    fleet.api.delete(ObjectKey(kinds.SATELLITE_NODE, "sat-1"))
    fleet.pass_time(30)
    assert fleet.node("sat-1")["metadata"]["labels"] == {"kubernetes.io/arch": "arm64"}
    assert {pod["spec"]["nodeName"] for pod in fleet.pods()} == {"sat-2", "sat-3"}


@pytest.mark.parametrize(
    "changed", [model_body(replicas=2, failover={"policy": "None"}), {"artifact": {}}]
)
def test_a_deleted_satellite_does_not_wait_for_what_nobody_does(changed: dict[str, Any]) -> None:
    fleet = watched(2)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.observers.clear()
    fleet.ask("m", changed)
    fleet.pass_time(10)
    fleet.api.delete(ObjectKey(kinds.SATELLITE_NODE, "sat-1"))
    fleet.pass_time(30)
    assert fleet.node("sat-1")["metadata"]["labels"] == {"kubernetes.io/arch": "arm64"}
    assert set(serving(fleet)) == {"sat-2"}


def test_a_node_that_joins_is_discovered_and_waits_for_its_orbit() -> None:
    fleet = watched(1)
    fleet.join("sat-9")
    fleet.pass_time(10)
    status = fleet.satellite("sat-9")
    assert status.phase is SatellitePhase.PENDING
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(40)
    assert set(serving(fleet)) == {"sat-1"}
    fleet.amend_satellite("sat-9", orbit={"fixed": {"latitude": 1, "longitude": 2}})
    fleet.pass_time(60)
    assert set(serving(fleet)) == {"sat-1", "sat-9"}


def test_a_node_whose_name_another_s_resource_has_stays_out_of_the_fleet() -> None:
    fleet = watched(1)
    fleet.join("a")
    fleet.join("b")
    spec = satellite_body() | {"nodeName": "b"}
    fleet.api.create(ObjectKey(kinds.SATELLITE_NODE, "a"), {"spec": spec})
    fleet.pass_time(30)
    assert names.SATELLITE_NODE_LABEL in fleet.node("b")["metadata"]["labels"]
    assert names.SATELLITE_NODE_LABEL not in fleet.node("a")["metadata"]["labels"]


def test_a_model_that_makes_no_sense_keeps_what_it_has() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    before, pods = serving(fleet), [pod_key(pod) for pod in fleet.pods()]
    fleet.ask("m", {"artifact": {"uri": "ftp://x"}})
    fleet.ask("other", model_body(replicas=1, artifact_number=7))
    fleet.pass_time(60)
    assert serving(fleet) == before
    assert [pod_key(pod) for pod in fleet.pods()] == pods
    assert fleet.model().phase is ModelPhase.DEGRADED
    assert fleet.model().message.startswith("spec is not valid: artifact.uri: ")
    assert fleet.model("other").phase is ModelPhase.HEALTHY


def test_of_a_model_that_makes_no_sense_those_who_answer_are_asked() -> None:
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    [first, second] = sorted(serving(fleet))
    fleet.ask("m", {"artifact": {"uri": "ftp://x"}})
    fleet.pass_time(10)
    uids = {pod["spec"]["nodeName"]: pod["metadata"]["uid"] for pod in fleet.pods()}
    fleet.satellites[first].broken.add(uids[first])
    fleet.pass_time(10)
    assert set(serving(fleet)) == {second}
    assert fleet.model().active == 1
    fleet.satellites[first].broken.clear()
    fleet.pass_time(10)
    assert set(serving(fleet)) == {first, second}
    fleet.satellites[second].lose_power()
    fleet.pass_time(120)
    assert set(serving(fleet)) == {first}
    asked = {pod["spec"]["nodeName"] for pod in fleet.pods() if _is_asked(pod)}
    assert asked == {first}


def _is_asked(pod: Item) -> bool:
    """By the ground."""
    labels = pod["metadata"]["labels"]
    return names.IN_CONTACT_LABEL in labels and names.ACTIVE_LABEL in labels


def test_total_silence_of_the_fleet_moves_nothing() -> None:
    fleet = watched(8)
    fleet.ask("m", model_body(replicas=4))
    fleet.pass_time(60)
    before = {pod_key(pod) for pod in fleet.pods()}
    for satellite in fleet.satellites.values():
        satellite.linked = False
    fleet.pass_time(1000)
    assert {fleet.satellite(name).phase for name in fleet.satellites} == {SatellitePhase.SUSPECT}
    assert {pod_key(pod) for pod in fleet.pods()} == before
    # Nor does what comes first when the ground hears again condemn the others.
    fleet.satellites["sat-1"].linked = True
    fleet.pass_time(40)
    assert {pod_key(pod) for pod in fleet.pods()} == before


def test_who_was_lost_before_leaves_no_other_without_a_witness() -> None:
    fleet = watched(2)
    fleet.ask("m", model_body(replicas=1))
    fleet.pass_time(60)
    (serves,) = serving(fleet)
    (other,) = fleet.satellites.keys() - {serves}
    fleet.satellites[other].linked = False
    fleet.pass_time(5000)
    assert fleet.satellite(other).phase is SatellitePhase.LOST
    fleet.satellites[serves].linked = False
    fleet.pass_time(1000)
    assert fleet.satellite(serves).phase is SatellitePhase.SUSPECT
    (held,) = [c for c in fleet.satellite(serves).conditions if c.type == "LossHeld"]
    assert (held.status, held.reason) == ("True", "GroundDeaf")


def test_a_silent_part_of_the_fleet_is_lost_up_to_the_budget() -> None:
    fleet = watched(8)
    fleet.ask("m", model_body(replicas=8))
    fleet.pass_time(60)
    for name in list(fleet.satellites)[1:]:
        fleet.satellites[name].linked = False
    fleet.pass_time(1000)
    phases = [fleet.satellite(name).phase for name in fleet.satellites]
    assert phases.count(SatellitePhase.LOST) == 2
    assert phases.count(SatellitePhase.SUSPECT) == 5


def test_work_moves_away_from_a_satellite_whose_battery_runs_low_and_may_come_back() -> None:
    fleet = watched(3, limits={"minBattery": 20})
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    weak, other = sorted(serving(fleet))
    fleet.satellites[weak].battery_percent = 19
    fleet.pass_time(60)
    assert set(serving(fleet)) == set(fleet.satellites) - {weak}
    assert fleet.satellite(weak).phase is SatellitePhase.IN_CONTACT
    # It wavers about the limit, and nothing moves back and forth.
    fleet.satellites[weak].battery_percent = 22
    fleet.pass_time(60)
    assert weak not in serving(fleet)
    fleet.satellites[weak].battery_percent = 30
    fleet.satellites[other].battery_percent = 5
    fleet.pass_time(90)
    assert set(serving(fleet)) == set(fleet.satellites) - {other}


def test_what_others_put_on_pods_costs_no_write_after_write() -> None:
    fleet = watched(3)
    fleet.observers.clear()
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=[{"wave": {"count": 1}}]))
    for pod in fleet.pods():
        fleet.api.change(pod_key(pod), lambda item: item["metadata"]["annotations"].update(COST))
    fleet.pass_time(5)
    fleet.files.failing.add(digest_of(2))
    for pod in fleet.pods():
        fleet.api.change(
            pod_key(pod), lambda item: item["metadata"]["labels"].update({ACTIVE: "true"})
        )
    # Each sweep fails unless it comes to an end.
    fleet.pass_time(60)
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


@pytest.mark.parametrize("name", ["m", "m-local"])
def test_a_stranger_s_object_is_let_alone_and_the_model_says_so(name: str) -> None:
    fleet = watched(3)
    key = ObjectKey(kinds.SERVICE, name, "default")
    fleet.api.create(key, {"metadata": {}, "spec": {"selector": {"app": "theirs"}}})
    theirs = fleet.api.get(key)
    fleet.ask("m", model_body(replicas=1))
    fleet.ask("n", model_body(replicas=1))
    fleet.pass_time(60)
    assert fleet.api.get(key) == theirs
    status = fleet.model("m")
    assert (status.phase, status.message) == (
        ModelPhase.DEGRADED,
        f"Service {name} is somebody else's",
    )
    assert "NameTaken" in [condition.type for condition in status.conditions]
    assert fleet.model("n").phase is ModelPhase.HEALTHY
    fleet.api.delete(key)
    fleet.pass_time(60)
    assert fleet.model("m").phase is ModelPhase.HEALTHY
    assert "NameTaken" not in [condition.type for condition in fleet.model("m").conditions]


def test_a_quiet_fleet_is_not_written_to() -> None:
    passes = [contact(0, 10_000)]
    fleet = watched(3, contacts=passes)
    fleet.ask("m", model_body(replicas=2, resources={"requests": {"cpu": "0.5"}}))
    fleet.pass_time(90)
    written: list[str] = []
    fleet.observers.append(written.append)
    fleet.pass_time(300)
    assert [what for what in written if " writes " in what or " deletes " in what] == []


def test_one_that_does_not_rise_is_missed_at_its_first_pass() -> None:
    """It is looked at in the very moment in which its contact begins."""
    fleet = watched(3, contacts=[contact(0, 200, every=1000)])
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(150)
    fleet.satellites["sat-1"].linked = False
    fleet.pass_time(900)
    assert fleet.satellite("sat-1").phase is SatellitePhase.SUSPECT
    fleet.pass_time(200)
    assert fleet.satellite("sat-1").missed_passes == 1


def test_a_node_whose_name_is_too_long_is_told_of_once() -> None:
    fleet, name = watched(1), "n" * 64
    fleet.join(name)
    fleet.pass_time(30)
    fleet.restart()
    fleet.pass_time(30)
    assert [a.regarding.name for a in fleet.api.announced if a.reason == "DiscoveryRefused"] == [
        name
    ]
    assert fleet.api.get(ObjectKey(kinds.SATELLITE_NODE, name)) is None
    assert fleet.node(name)["metadata"]["labels"][names.DISCOVERY_LABEL] == "refused"


def test_conditions_of_others_are_left_alone_and_make_nobody_write() -> None:
    fleet = watched(2)
    fleet.ask("m", model_body(replicas=1))
    fleet.pass_time(60)
    since = "2026-03-01T12:00:00Z"
    audited = {"type": "Audited", "status": "True", "reason": "X", "lastTransitionTime": since}
    keys = (
        ObjectKey(kinds.SATELLITE_NODE, "sat-1"),
        ObjectKey(kinds.INFERENCE_MODEL, "m", "default"),
    )
    for key in keys:
        fleet.api.change(key, lambda item: item["status"]["conditions"].insert(1, audited))
    before = [version_of(fleet, key) for key in keys]
    fleet.pass_time(60)
    assert [version_of(fleet, key) for key in keys] == before
    # What Perigee has to say it says beside them.
    fleet.satellites["sat-1"].linked = False
    fleet.pass_time(300)
    assert fleet.satellite("sat-1").phase is SatellitePhase.LOST
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    for key, version in zip(keys, before, strict=True):
        item = fleet.api.get(key)
        assert item is not None
        assert version_of(fleet, key) != version
        assert audited in item["status"]["conditions"]


def version_of(fleet: PaperFleet, key: ObjectKey) -> str:
    item = fleet.api.get(key)
    assert item is not None
    return str(item["metadata"]["resourceVersion"])
