"""Lets a node pretend to be of another architecture, or to have an accelerator.

An extended resource is patched on the Node's status, where its kubelet leaves it until it starts
anew. The architecture it sets right with every status it reports, so an admission policy bends it
back on its way into the API server.
"""

from collections.abc import Mapping
from typing import Any, Final

from perigee_lab import waiting
from perigee_lab.cluster import Cluster
from perigee_lab.state import ARCHITECTURE_LABEL, Node, State

_API: Final = "admissionregistration.k8s.io/v1beta1"


def policies(state: State) -> list[dict[str, Any]]:
    """The policies, and their bindings, for the nodes that pretend an architecture."""
    return [
        made
        for node in state.nodes
        if ARCHITECTURE_LABEL in node.labels
        for made in _policy(node.name, node.labels[ARCHITECTURE_LABEL])
    ]


def allow(cluster: Cluster, state: State) -> None:
    """Bring the policies into the cluster."""
    if made := policies(state):
        cluster.apply(made)


def claim(cluster: Cluster, node: Node) -> None:
    """See that a Node that has joined has the architecture and resources it pretends."""
    labels = {key: value for key, value in node.labels.items() if key == ARCHITECTURE_LABEL}
    if not labels and not node.resources:
        return

    def claimed() -> bool:
        if pretends(cluster.nodes()[node.name], labels, node.resources):
            return True
        # A kubelet that has just registered may still set them back once.
        cluster.patch_node(node.name, {"metadata": {"labels": labels}})
        amounts = {"capacity": node.resources, "allocatable": node.resources}
        cluster.patch_node(node.name, {"status": amounts}, subresource="status")
        return False

    waiting.until(claimed, within_s=30, what=f"{node.name} to pretend what it shall")


def pretends(
    found: Mapping[str, Any], labels: Mapping[str, str], resources: Mapping[str, str]
) -> bool:
    """Whether a Node object has these labels, and these resources to give to pods."""
    has: dict[str, str] = found["metadata"].get("labels", {})
    gives: dict[str, str] = found.get("status", {}).get("allocatable", {})
    return labels.items() <= has.items() and resources.items() <= gives.items()


def _policy(node: str, architecture: str) -> list[dict[str, Any]]:
    name = f"perigee-lab-{node}"
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["nodes", "nodes/status"],
        "resourceNames": [node],
    }
    bend = (
        "Object{metadata: Object.metadata{labels: "
        f'{{"{ARCHITECTURE_LABEL}": "{architecture}"}}}}}}'
    )
    policy = {
        "apiVersion": _API,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": bend},
                }
            ],
        },
    }
    binding = {
        "apiVersion": _API,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name},
    }
    return [policy, binding]
