"""From what the API server has to what the domain decides on."""

import pytest

from paper_fleet.controllers import pod_key
from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import START, model_body, satellite_body
from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey


@pytest.fixture
def fleet() -> PaperFleet:
    found = fleet_of(3)
    found.ask("m", model_body(replicas=2))
    found.pass_time(60)
    return found


def test_everything_finds_its_model(fleet: PaperFleet) -> None:
    fleet.ask("other", model_body(replicas=1, artifact_number=2))
    fleet.pass_time(60)
    first, second = fleet.snapshot().models
    assert (first.name, second.name) == ("m", "other")
    for model, copies in ((first, 2), (second, 1)):
        (revision,) = model.revisions
        assert model.workloads.keys() == {revision.name}
        assert model.services.keys() == {model.name, f"{model.name}-local"}
        assert [pod.model for pod in model.pods] == [model.name] * copies


def test_what_another_owner_has_is_none_of_the_model_s(fleet: PaperFleet) -> None:
    (before,) = fleet.snapshot().models
    labels = {"labels": {names.MODEL_LABEL: "m", names.REVISION_LABEL: before.revisions[0].name}}
    for kind in (kinds.REPLICA_SET, kinds.SERVICE):
        fleet.api.create(ObjectKey(kind, "of-a-user", "default"), {"metadata": labels, "spec": {}})
    (after,) = fleet.snapshot().models
    assert after.workloads == before.workloads
    assert after.services == before.services


def test_a_pod_that_somebody_labelled_by_hand_is_no_copy(fleet: PaperFleet) -> None:
    (before,) = fleet.snapshot().models
    labels = {names.MODEL_LABEL: "m", names.REVISION_LABEL: before.revisions[0].name}
    body = {"metadata": {"labels": labels}, "spec": {"nodeName": "ground"}, "status": {}}
    fleet.api.create(ObjectKey(kinds.POD, "of-a-user", "default"), body)
    fleet.api.create(ObjectKey(kinds.NODE, "ground"), {"metadata": {}, "spec": {}, "status": {}})
    found = fleet.snapshot()
    assert found.models[0].pods == before.pods
    assert found.strays == ()
    assert fleet.plan().tracks == ()


def test_satellites_have_their_nodes_and_signs_of_life(fleet: PaperFleet) -> None:
    found = fleet.snapshot()
    assert found.hearing.observing_since == START
    assert [view.name for view in found.satellites] == ["sat-1", "sat-2", "sat-3"]
    for view in found.satellites:
        assert view.node is not None
        assert view.node.name == view.name
        assert view.heartbeat is not None
        assert view.kubelet_arrived_at == fleet.now
    assert found.strays == ()


def test_of_two_resources_that_name_one_node_the_first_has_it(fleet: PaperFleet) -> None:
    spec = satellite_body(nodeName="sat-1")
    fleet.api.create(ObjectKey(kinds.SATELLITE_NODE, "zwilling"), {"spec": spec})
    views = {view.name: view for view in fleet.snapshot().satellites}
    assert views["sat-1"].node is not None
    assert views["zwilling"].node is None
    assert views["zwilling"].heartbeat is None


def test_a_node_is_a_stray_if_it_bears_our_names_or_our_pods(fleet: PaperFleet) -> None:
    orbit = {names.ORBIT_LABEL: "fixed"}
    for name, labels in (
        ("ground", {}),
        ("joined", {names.SATELLITE_LABEL: "true"}),
        ("was", orbit),
    ):
        body = {"metadata": {"labels": labels}, "spec": {}, "status": {}}
        fleet.api.create(ObjectKey(kinds.NODE, name), body)
    assert {stray.name for stray in fleet.snapshot().strays} == {"joined", "was"}
    late, *_ = fleet.pods()
    fleet.api.change(pod_key(late), lambda pod: pod["spec"].update(nodeName="ground"))
    assert {stray.name for stray in fleet.snapshot().strays} == {"ground", "joined", "was"}


def test_what_a_node_has_left_makes_no_other_view_of_what_is_as_it_was(fleet: PaperFleet) -> None:
    """Kubelets write the status of their Nodes again and again."""
    key = ObjectKey(kinds.NODE, "sat-1")
    fleet.api.change(key, lambda node: node["status"].update(allocatable={"memory": "1Gi"}))
    before = fleet.snapshot().satellites
    fleet.api.change(key, lambda node: node["status"].update(images=["a"]))
    assert all(one is other for one, other in zip(before, fleet.snapshot().satellites, strict=True))
    fleet.api.change(key, lambda node: node["status"].update(allocatable={"memory": "2Gi"}))
    changed = fleet.snapshot().satellites
    assert [one is other for one, other in zip(before, changed, strict=True)] == [False, True, True]
