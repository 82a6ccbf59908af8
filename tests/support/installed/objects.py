"""Where things are, and the Leases that tests send."""

from typing import Any, Final

from perigee_api.names import HEARTBEAT_NAMESPACE, REPORT_ANNOTATION, SYSTEM_NAMESPACE

Json = dict[str, Any]

NODES: Final = "/api/v1/nodes"
PODS: Final = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/pods"
ACCOUNTS: Final = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/serviceaccounts"

OWN: Final = "chart-test-1"
OTHER: Final = "chart-test-2"
"""Nodes, and so satellites, each with a Pod of the agent of the same name."""


def leases_in(namespace: str) -> str:
    """The Leases of a namespace."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


LEASES: Final = leases_in(HEARTBEAT_NAMESPACE)


def lease(name: str, **metadata: Any) -> Json:
    """A Lease."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name} | metadata,
        "spec": {"holderIdentity": name},
    }


def reporting(text: str) -> Json:
    """Metadata with a report."""
    return {"annotations": {REPORT_ANNOTATION: text}}
