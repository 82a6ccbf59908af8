"""Whether a Pod fits a Node, as the scheduler and the DaemonSet controller see it."""

from collections.abc import Iterable, Mapping
from typing import Any

from paper_fleet.api_server import Item

DAEMON_TOLERATED = frozenset(
    {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/unschedulable",
    }
)
"""Tolerated by every Pod of a DaemonSet: its controller sees to that."""


def selects(pod_spec: Mapping[str, Any], node: Item) -> bool:
    """Whether the Pod's nodeSelector and required affinity admit the Node."""
    labels = node["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in pod_spec.get("nodeSelector", {}).items()):
        return False
    affinity = pod_spec.get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    terms = required["nodeSelectorTerms"]
    return any(all(_matches(labels, e) for e in term["matchExpressions"]) for term in terms)


def tolerates(
    pod_spec: Mapping[str, Any],
    node: Item,
    effects: frozenset[str],
    also: frozenset[str] = frozenset(),
) -> bool:
    """Whether the Pod tolerates the Node's taints of these effects, and the keys in `also`."""
    tolerations = pod_spec.get("tolerations", [])
    return all(
        taint["key"] in also or any(_covers(toleration, taint) for toleration in tolerations)
        for taint in node["spec"].get("taints", [])
        if taint["effect"] in effects
    )


def repels(pod: Item, others: Iterable[Item]) -> bool:
    """Whether the Pod's anti-affinity by host keeps it away from where the others are."""
    anti = pod["spec"].get("affinity", {}).get("podAntiAffinity", {})
    terms = anti.get("requiredDuringSchedulingIgnoredDuringExecution", [])
    return any(
        all(other["metadata"]["labels"].get(k) == v for k, v in wanted.items())
        for term in terms
        for wanted in [term["labelSelector"]["matchLabels"]]
        for other in others
    )


def _matches(labels: Mapping[str, str], expression: Mapping[str, Any]) -> bool:
    present = expression["key"] in labels
    if expression["operator"] == "Exists":
        return present
    return present and labels[expression["key"]] in expression["values"]


def _covers(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    effect = toleration.get("effect")
    return toleration.get("key") in (None, taint["key"]) and effect in (None, taint["effect"])
