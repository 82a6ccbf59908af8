"""Kubernetes on paper: ReplicaSets, DaemonSets, garbage, unreachable Nodes.

Each function does what its controller does to all objects at once. Only what Perigee depends on
is played, and that as upstream does it: which Pods a ReplicaSet ends first, when a DaemonSet ends
a Pod, which taints appear on a silent Node.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zlib import crc32

from paper_fleet.api_server import ApiServer, Item
from paper_fleet.fitting import DAEMON_TOLERATED, selects, tolerates
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.agents import REVISION_HASH

COST = "controller.kubernetes.io/pod-deletion-cost"
TEMPLATE = "template"
"""Annotation of a Pod: the template that it was made from."""

UNREACHABLE = "node.kubernetes.io/unreachable"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
NO_SCHEDULE = frozenset({"NoSchedule", "NoExecute"})
NO_EXECUTE = frozenset({"NoExecute"})


def pod_key(pod: Item) -> ObjectKey:
    """As the API server knows it."""
    return ObjectKey(kinds.POD, pod["metadata"]["name"], pod["metadata"]["namespace"])


def is_ready(pod: Item) -> bool:
    """The condition Ready."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def is_live(pod: Item) -> bool:
    """Nobody deletes it, and it has not ended."""
    ended = pod.get("status", {}).get("phase") in ("Failed", "Succeeded")
    return "deletionTimestamp" not in pod["metadata"] and not ended


def pods_on(api: ApiServer, node: Item) -> list[Item]:
    """The Pods that have been given a Node, whatever has become of them."""
    name = node["metadata"]["name"]
    return [pod for pod in api.items(kinds.POD) if pod["spec"].get("nodeName") == name]


def collect_garbage(api: ApiServer) -> None:
    """Deletes what belongs to an object that is gone."""
    uids = {item["metadata"]["uid"] for _, item in api.all_items()}
    for key, item in api.all_items():
        owners = item["metadata"].get("ownerReferences", [])
        if owners and not any(owner["uid"] in uids for owner in owners):
            api.delete(key)


def run_replica_sets(api: ApiServer) -> None:
    """As many Pods as are wanted; what is made is made from the template as it is now."""
    for replica_set in api.items(kinds.REPLICA_SET):
        spec = replica_set["spec"]
        pods = [pod for pod in _pods_of(api, replica_set) if is_live(pod)]
        _end(api, pods, spec["replicas"])
        for _ in range(spec["replicas"] - len(pods)):
            _make_pod(api, "ReplicaSet", replica_set)


def run_daemon_sets(api: ApiServer) -> None:
    """A Pod on every Node that fits; one whose Node fits no more ends. Never updates one."""
    for daemon_set in api.items(kinds.DAEMON_SET):
        template = daemon_set["spec"]["template"]
        pods = {p["spec"]["nodeName"]: p for p in _pods_of(api, daemon_set)}
        for node in api.items(kinds.NODE):
            name = node["metadata"]["name"]
            fits = selects(template["spec"], node)
            if name in pods and is_live(pods[name]):
                stays = tolerates(template["spec"], node, NO_EXECUTE, DAEMON_TOLERATED)
                if not (fits and stays):
                    api.delete(pod_key(pods[name]))
            elif name in pods and "deletionTimestamp" not in pods[name]["metadata"]:
                api.delete(pod_key(pods[name]))
            elif (
                name not in pods
                and fits
                and tolerates(template["spec"], node, NO_SCHEDULE, DAEMON_TOLERATED)
            ):
                _make_pod(api, "DaemonSet", daemon_set, node=name)


def template_labels(owner: Item) -> dict[str, str]:
    """Those of a workload's Pods: a DaemonSet's tell its template apart."""
    template = owner["spec"]["template"]
    text = json.dumps(template, sort_keys=True)
    is_daemon_set = "replicas" not in owner["spec"]
    own = {REVISION_HASH: f"{crc32(text.encode()):08x}"} if is_daemon_set else {}
    labels: dict[str, str] = template["metadata"]["labels"]
    return labels | own


def _annotations(owner: Item) -> dict[str, str]:
    annotations: dict[str, str] = owner["spec"]["template"]["metadata"].get("annotations", {})
    return annotations


def watch_nodes(api: ApiServer, heard: Callable[[str], datetime | None], now: datetime) -> None:
    """A Node whose kubelet is silent for 40 s is tainted, and its Pods are Ready no more."""
    for node in api.items(kinds.NODE):
        name = node["metadata"]["name"]
        heard_at = heard(name)
        silent = heard_at is None or (now - heard_at).total_seconds() > 40
        api.change(ObjectKey(kinds.NODE, name), partial(_mark, dark=silent))
        for pod in pods_on(api, node) if silent else []:
            api.change(pod_key(pod), _not_ready)
            if any(t["key"] == OUT_OF_SERVICE for t in node["spec"].get("taints", [])):
                api.remove(pod_key(pod))


def _pods_of(api: ApiServer, owner: Item) -> list[Item]:
    uid = owner["metadata"]["uid"]
    return [
        pod
        for pod in api.items(kinds.POD)
        if any(o["uid"] == uid for o in pod["metadata"].get("ownerReferences", []))
    ]


def _make_pod(api: ApiServer, kind: str, owner: Item, node: str | None = None) -> None:
    metadata = owner["metadata"]
    template = json.dumps(owner["spec"]["template"], sort_keys=True)
    controller = {"apiVersion": "apps/v1", "kind": kind, "uid": metadata["uid"], "controller": True}
    spec: Mapping[str, Any] = owner["spec"]["template"]["spec"]
    name = f"{metadata['name']}-{len(list(api.all_items()))}-{metadata['resourceVersion']}"
    while api.get(ObjectKey(kinds.POD, name, metadata["namespace"])) is not None:
        name += "x"
    api.create(
        ObjectKey(kinds.POD, name, metadata["namespace"]),
        {
            "metadata": {
                "labels": template_labels(owner),
                "annotations": {**_annotations(owner), TEMPLATE: template},
                "ownerReferences": [controller],
            },
            "spec": dict(spec) | ({"nodeName": node} if node else {}),
            "status": {"phase": "Pending"},
        },
    )


def _end(api: ApiServer, pods: list[Item], wanted: int) -> None:
    """Ends Pods until so many are left, in the order in which a ReplicaSet ends them."""
    for pod in sorted(pods, key=_worth)[: max(0, len(pods) - wanted)]:
        api.delete(pod_key(pod))


def _worth(pod: Item) -> tuple[bool, bool, bool, int, float]:
    """Assigned, running and ready Pods are worth more; then the costlier, then the older."""
    metadata = pod["metadata"]
    return (
        "nodeName" in pod["spec"],
        pod.get("status", {}).get("phase") == "Running",
        is_ready(pod),
        int(metadata.get("annotations", {}).get(COST, 0)),
        -datetime.fromisoformat(metadata["creationTimestamp"]).timestamp(),
    )


def _mark(node: Item, *, dark: bool) -> None:
    kept = [t for t in node["spec"].get("taints", []) if t["key"] != UNREACHABLE]
    silent = [{"key": UNREACHABLE, "effect": effect} for effect in sorted(NO_SCHEDULE)]
    node["spec"]["taints"] = kept + (silent if dark else [])
    status = "Unknown" if dark else "True"
    node["status"]["conditions"] = [{"type": "Ready", "status": status}]


def _not_ready(pod: Item) -> None:
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            condition["status"] = "False"
