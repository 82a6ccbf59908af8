from typing import Any

import pytest

from paper_fleet.intents import START
from paper_fleet.views import at
from perigee_operator.domain.agents.agent import AgentView
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.services.views.agents import (
    ASSUMED_BYTES,
    agent_pod,
    agent_revision,
    agent_set_record,
    bytes_to_fetch,
    node_images,
    repository_of,
)

HASH = "controller-revision-hash"
DIGEST = f"sha256:{'a' * 64}"


def pod(metadata: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    given = {
        "name": "perigee-agent-x",
        "namespace": "perigee",
        "uid": "u",
        "creationTimestamp": START.isoformat(),
        "labels": {HASH: "abc"},
        "ownerReferences": [{"uid": "ds"}],
    }
    return {
        "metadata": given | (metadata or {}),
        "spec": {"nodeName": "sat-1"},
        "status": {"phase": "Running", **status},
    }


def condition(moment: float, status: str) -> dict[str, Any]:
    row = {
        "type": "ContainersReady",
        "status": status,
        "lastTransitionTime": at(moment).isoformat(),
    }
    # The node controller says this of a dark satellite's.
    return {"conditions": [{"type": "Ready", "status": "False"}, row]}


def view(item: dict[str, Any]) -> AgentView:
    found = agent_pod(item)
    assert found.node == "sat-1"
    assert found.owners == {"ds"}
    return found.agent


def test_a_pod_that_runs() -> None:
    expected = AgentView(
        "perigee-agent-x",
        "u",
        "abc",
        ready=True,
        deleting=False,
        created_at=START,
        changed_at=at(7),
    )
    assert view(pod(**condition(7, "True"))) == expected


@pytest.mark.parametrize(
    ("item", "ready", "deleting", "changed_s"),
    [
        (pod(), False, False, 0),
        (pod(**condition(5, "False")), False, False, 5),
        (pod(**condition(-5, "False")), False, False, 0),
        (pod({"deletionTimestamp": at(9).isoformat()}, **condition(5, "True")), True, True, 9),
        (pod(phase="Failed"), False, True, 0),
    ],
)
def test_a_pod_that_does_not(
    item: dict[str, Any], changed_s: float, *, ready: bool, deleting: bool
) -> None:
    found = view(item)
    assert (found.ready, found.deleting, found.changed_at) == (ready, deleting, at(changed_s))


def test_a_pod_for_no_node_and_a_revision_without_number_are_left_out() -> None:
    with pytest.raises(UnviewableError):
        agent_pod(pod() | {"spec": {}})
    with pytest.raises(UnviewableError):
        agent_revision({"metadata": {"labels": {HASH: "abc"}}})


@pytest.mark.parametrize(
    ("metadata", "strategy", "left_alone"),
    [
        ({}, "OnDelete", False),
        ({}, "RollingUpdate", True),
        ({"deletionTimestamp": START.isoformat()}, "OnDelete", True),
    ],
)
def test_a_daemon_set_that_replaces_by_itself_or_goes_is_left_alone(
    metadata: dict[str, Any], strategy: str, *, left_alone: bool
) -> None:
    containers = {"initContainers": [{"image": "edge:1"}], "containers": [{"image": "edge:2"}]}
    spec = {
        "updateStrategy": {"type": strategy},
        "template": {"spec": {"nodeSelector": {"a": "b"}, **containers}},
    }
    own = {"name": "perigee-agent", "namespace": "perigee", "uid": "ds"}
    found = agent_set_record({"metadata": own | metadata, "spec": spec})
    assert found.left_alone is left_alone
    assert found.images == {"edge:1", "edge:2"}
    assert found.node_selector == {"a": "b"}


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("edge", "edge"),
        ("edge:1", "edge"),
        ("depot:5000/edge", "depot:5000/edge"),
        ("depot:5000/perigee/edge:1", "depot:5000/perigee/edge"),
        (f"depot/edge@{DIGEST}", "depot/edge"),
        (f"depot:5000/edge:1@{DIGEST}", "depot:5000/edge"),
    ],
)
def test_repositories(image: str, repository: str) -> None:
    assert repository_of(image) == repository


def image(size: int, *known_as: str) -> dict[str, Any]:
    return {"names": list(known_as), "sizeBytes": size}


def missing(wanted: str, nodes: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    items = [{"metadata": {"name": n, "uid": n}, "status": {"images": i}} for n, i in nodes.items()]
    return bytes_to_fetch([wanted], [node_images(frozenset({wanted}), item) for item in items])


OLD = image(90, "depot/edge:1", f"depot/edge@{DIGEST}")
NEW = image(110, "depot/edge:2")
OTHER = image(5000, "depot/edge-tools:2", "elsewhere/ledge:2")


def test_an_image_is_as_large_as_where_it_is_already() -> None:
    assert missing("depot/edge:2", {"a": [OLD, OTHER], "b": [OLD, NEW], "c": []}) == {
        "a": 110,
        "c": 110,
    }


def test_an_image_that_is_nowhere_is_as_large_as_the_one_before() -> None:
    assert missing("depot/edge:2", {"a": [OLD, OTHER], "b": []}) == {"a": 90, "b": 90}
    assert missing("depot/edge:2", {"a": [OTHER]}) == {"a": ASSUMED_BYTES}


def test_nodes_name_images_in_full() -> None:
    assert missing("edge:2", {"a": [image(3, "docker.io/library/edge:2")], "b": []}) == {"b": 3}
    assert missing(f"depot/edge@{DIGEST}", {"a": [OLD]}) == {}
