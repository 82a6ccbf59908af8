"""What is kept of an object says as much to the operator as the whole of it."""

from collections.abc import Callable

import pytest

from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import model_body
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.agents import node_images
from perigee_operator.services.views.nodes import node_view
from perigee_operator.services.views.pods import pod_view
from perigee_operator.storage.folded import Folded
from perigee_operator.storage.kept import folded, of_a_node, of_a_pod

IMAGES = [{"names": ["perigee/edge:1"], "sizeBytes": 5_000_000}]


@pytest.fixture
def fleet() -> PaperFleet:
    found = fleet_of(3)
    found.ask("m", model_body(replicas=2))
    found.pass_time(60)
    return found


def test_a_pod_is_the_same_pod(fleet: PaperFleet) -> None:
    pods = fleet.values(kinds.POD)
    assert len(pods) == 2
    for pod in pods:
        pod["spec"]["containers"] = [{"name": "serve", "resources": {"requests": {"cpu": "1"}}}]
        assert pod_view(of_a_pod(pod)) == pod_view(pod)
        assert pod_view(pod).requests


def test_a_node_is_the_same_node(fleet: PaperFleet) -> None:
    for node in fleet.values(kinds.NODE):
        node["status"] |= {"images": IMAGES, "nodeInfo": {"architecture": "arm64"}}
        kept, wanted = of_a_node(node), frozenset({"perigee/edge:1", "perigee/edge:2"})
        assert node_view(kept) == node_view(node)
        assert node_images(wanted, kept) == node_images(wanted, node)
        assert "nodeInfo" not in kept["status"]


@pytest.mark.parametrize("kept", [of_a_node, of_a_pod, folded])
@pytest.mark.parametrize("odd", [{}, {"spec": 3, "status": "no"}, {"spec": {"containers": [7]}}])
def test_what_makes_no_sense_is_kept_as_well(kept: Callable[[Json], Folded], odd: Json) -> None:
    item = {"metadata": {"name": "a", "uid": "u", "managedFields": []}, **odd}
    assert kept(item)["metadata"] == {"name": "a", "uid": "u"}
