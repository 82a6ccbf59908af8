"""What is kept of the agents, and apart from what models are made of."""

import json
import time
from typing import Any

import pytest

from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.agents import REVISION_HASH, AgentCaches, slim_pod
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.kept import folded, of_a_pod
from perigee_operator.storage.scope import Scope

KEY = ObjectKey(kinds.POD, "perigee-agent-x", "perigee")


def pod(name: str = KEY.name, **more: Any) -> dict[str, Any]:
    """As the API server has it, in short."""
    metadata = {
        "name": name,
        "namespace": "perigee",
        "uid": f"uid-{name}",
        "resourceVersion": "7",
        "creationTimestamp": "2026-03-01T12:00:00Z",
        "generateName": "perigee-agent-",
        "labels": {**names.AGENT_LABELS, REVISION_HASH: "abc"},
        "ownerReferences": [{"kind": "DaemonSet", "uid": "ds", "controller": True}],
        "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
    }
    ready = {"status": "True", "lastTransitionTime": "2026-03-01T12:00:09Z"}
    return {
        "metadata": metadata,
        "spec": {"nodeName": "sat-1", "containers": [{"image": "edge:1"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": kind, **ready} for kind in ("Ready", "ContainersReady")],
            "containerStatuses": [{"ready": True}],
        },
        **more,
    }


def test_of_a_pod_little_is_kept() -> None:
    assert slim_pod(pod()) == {
        "metadata": {
            "name": KEY.name,
            "namespace": "perigee",
            "uid": f"uid-{KEY.name}",
            "resourceVersion": "7",
            "creationTimestamp": "2026-03-01T12:00:00Z",
            "labels": {REVISION_HASH: "abc"},
            "ownerReferences": [{"uid": "ds"}],
        },
        "spec": {"nodeName": "sat-1"},
        "status": {
            "phase": "Running",
            "conditions": [
                {
                    "type": "ContainersReady",
                    "status": "True",
                    "lastTransitionTime": "2026-03-01T12:00:09Z",
                }
            ],
        },
    }


def test_a_pod_that_is_not_scheduled_yet_is_known_by_the_node_it_is_for() -> None:
    field = {"key": "metadata.name", "operator": "In", "values": ["sat-2"]}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    assert slim_pod(pod(spec={"affinity": affinity}))["spec"] == {"nodeName": "sat-2"}


@pytest.mark.parametrize("item", [{}, {"metadata": {"resourceVersion": "9"}}, pod(spec=5)])
def test_what_is_odd_is_none_of_its_business(item: dict[str, Any]) -> None:
    assert slim_pod(item)["spec"] == {"nodeName": ""}


async def test_pods_are_slim_when_listed_and_when_watched(api: KubernetesApi, server: Any) -> None:
    caches = AgentCaches("perigee", lambda _: None)
    scope = next(scope for scope in caches.by_scope() if scope.kind == kinds.POD)
    server.say(200, {"metadata": {"resourceVersion": "8"}, "items": [pod()]})
    event = {"type": "MODIFIED", "object": pod()}
    server.stream(json.dumps(event).encode() + b"\n")
    listing = await api.list(scope)
    assert listing.items == (slim_pod(pod()),)
    async with api.watch(scope, resource_version="8", timeout_s=1) as events:
        assert [each.object async for each in events] == [slim_pod(pod())]
    assert server.requests[0][1].startswith("/api/v1/namespaces/perigee/pods?labelSelector=")


def test_agents_are_looked_for_in_the_operator_s_own_namespace_alone() -> None:
    assert AgentCaches(None, lambda _: None).by_scope() == {}
    scopes = AgentCaches("perigee", lambda _: None).by_scope()
    selector = "app.kubernetes.io/name=perigee,app.kubernetes.io/component=agent"
    assert [(s.kind, s.namespace, s.label_selector) for s in scopes] == [
        (kind, "perigee", selector)
        for kind in (kinds.POD, kinds.DAEMON_SET, kinds.CONTROLLER_REVISION)
    ]


@pytest.fixture
def fleet(api: KubernetesApi) -> FleetCache:
    return FleetCache(
        api,
        instance="ground-1",
        now=lambda: pytest.fail("nobody asks for the time"),
        monotonic=time.monotonic,
        random=lambda: 0.5,
        namespace="perigee",
    )


def test_the_answer_to_a_deletion_is_known_among_the_agents(fleet: FleetCache) -> None:
    fleet.absorb(KEY, pod())
    assert [*fleet.agents(kinds.POD)] == [folded(pod())]
    assert fleet.values(kinds.POD) == ()
    assert fleet.get(KEY) == folded(pod())
    fleet.forget(KEY, f"uid-{KEY.name}")
    assert fleet.agents(kinds.POD) == ()


def test_a_model_s_pod_in_the_same_namespace_is_a_model_s(fleet: FleetCache) -> None:
    item = pod("m-1")
    item["metadata"]["labels"] = {names.MODEL_LABEL: "m"}
    fleet.absorb(ObjectKey(kinds.POD, "m-1", "perigee"), item)
    assert fleet.agents(kinds.POD) == ()
    assert [*fleet.values(kinds.POD)] == [of_a_pod(item)]


def test_elsewhere_there_are_no_agents(fleet: FleetCache) -> None:
    item = pod()
    item["metadata"]["namespace"] = "default"
    fleet.absorb(ObjectKey(kinds.POD, KEY.name, "default"), item)
    assert fleet.agents(kinds.POD) == ()


def test_all_of_an_object_is_kept_unless_a_scope_says_otherwise() -> None:
    assert Scope(kinds.POD).kept(pod()) == pod()
