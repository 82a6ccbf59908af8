"""What is the case in a world, in a form that can be compared with another run's."""

import json
from typing import Any

from perigee_api import names
from perigee_operator.domain.kinds import (
    CONTROLLER_REVISION,
    DAEMON_SET,
    INFERENCE_MODEL,
    LEASE,
    NODE,
    POD,
    REPLICA_SET,
    SATELLITE_NODE,
    SERVICE,
)
from perigee_operator.domain.projection import MANAGED_TAINTS, is_ours
from played.access import Access, Json
from played.constellation import Constellation
from played.pod_status import is_ready


async def end_state(sky: Constellation) -> dict[str, Any]:
    """All that the operator has to do with, without names and times that differ between runs.

    Satellites are not told apart by name: which of two equal ones gets a Pod is the scheduler's.
    """
    access, namespace = sky.access, sky.namespace
    selector = f"world={sky.world}"
    nodes = await access.list(NODE, selector=selector)
    owned = await access.list(SATELLITE_NODE, selector=selector)
    satellites = {item["metadata"]["name"]: item for item in owned}
    leases = {
        item["metadata"]["name"]: item
        for item in await access.list(LEASE, names.HEARTBEAT_NAMESPACE, selector)
    }
    pods = await access.list(POD, namespace)
    models = await access.list(INFERENCE_MODEL, namespace)
    state = {
        "satellites": [
            {
                "node": _node(node),
                "satellite": _satellite(satellites.get(node["metadata"]["name"])),
                "pods": [p for p in map(_pod, pods) if p["node"] == node["metadata"]["name"]],
                "artifacts": _artifacts(leases.get(node["metadata"]["name"])),
            }
            for node in nodes
        ],
        "unscheduled": [_pod(pod) for pod in pods if "nodeName" not in pod["spec"]],
        "models": [_model(model) for model in models],
        "workloads": await _workloads(access, namespace),
        "revisions": [_revision(r) for r in await access.list(CONTROLLER_REVISION, namespace)],
        "services": [s["metadata"]["name"] for s in await access.list(SERVICE, namespace)],
    }
    text = json.dumps(state)
    for model in sorted(sky.models, key=len, reverse=True):
        text = text.replace(model, "MODEL")
    text = text.replace(f"{namespace}.", "NAMESPACE.")
    for node_name in sky.satellites:
        text = text.replace(f'"{node_name}"', '"SATELLITE"')
    sorted_state: dict[str, Any] = _sorted(json.loads(text))
    return sorted_state


async def models_state(sky: Constellation) -> Any:
    """What `end_state` says of models, for one request."""
    return _sorted([_model(m) for m in await sky.access.list(INFERENCE_MODEL, sky.namespace)])


def _node(node: Json) -> Json:
    taints = node["spec"].get("taints") or ()
    return {
        "labels": {k: v for k, v in node["metadata"]["labels"].items() if is_ours(k)},
        "is satellite": node["metadata"]["labels"].get(names.SATELLITE_LABEL),
        "taints": [t["key"] for t in taints if t["key"] in MANAGED_TAINTS],
    }


def _satellite(item: Json | None) -> Json | None:
    if item is None:
        return None
    status = item.get("status") or {}
    return {
        "phase": status.get("phase"),
        "epoch": status.get("epoch", 0),
        "conditions": {c["type"]: c["status"] for c in status.get("conditions") or ()},
    }


def _artifacts(lease: Json | None) -> list[str]:
    annotations = (lease or {"metadata": {}})["metadata"].get("annotations") or {}
    assignment = json.loads(annotations.get(names.ASSIGNMENT_ANNOTATION, "{}"))
    return [artifact["sha256"][:4] for artifact in assignment.get("artifacts") or ()]


def _pod(pod: Json) -> Json:
    metadata = pod["metadata"]
    labels = metadata["labels"]
    return {
        "node": pod["spec"].get("nodeName"),
        "revision": labels.get(names.REVISION_LABEL),
        "active": labels.get(names.ACTIVE_LABEL),
        "in contact": labels.get(names.IN_CONTACT_LABEL),
        "ready": is_ready(pod),
        "deleting": "deletionTimestamp" in metadata,
    }


def _model(model: Json) -> Json:
    status = model.get("status") or {}
    aborted = status.get("aborted") or {}
    kept = ("phase", "stableRevision", "candidateRevision", "previousRevision", "active", "weight")
    return {key: status.get(key) for key in kept} | {
        "aborted": [aborted.get("revision"), aborted.get("reason")],
        "observed": status.get("observedGeneration") == model["metadata"]["generation"],
    }


async def _workloads(access: Access, namespace: str) -> list[Json]:
    return [
        {"name": item["metadata"]["name"], "replicas": item["spec"].get("replicas")}
        for kind in (REPLICA_SET, DAEMON_SET)
        for item in await access.list(kind, namespace)
    ]


def _revision(item: Json) -> Json:
    return {
        "name": item["metadata"]["name"],
        "number": item["revision"],
        "annotations": item["metadata"].get("annotations"),
    }


def _sorted(value: Any) -> Any:
    """With all lists in an order that depends on nothing but what they hold."""
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in sorted(value.items())}
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=json.dumps)
    return value
