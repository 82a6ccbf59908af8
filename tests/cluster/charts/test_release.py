"""The chart's life on a real API server: installed, upgraded, and gone."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from perigee_api.names import API_VERSION, SYSTEM_NAMESPACE

CHART = str(Path(__file__).parents[3] / "charts/perigee")
DEPLOYMENT = f"/apis/apps/v1/namespaces/{SYSTEM_NAMESPACE}/deployments/perigee-operator"
POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
ROLLOUT_POLICIES = f"/apis/{API_VERSION}/rolloutpolicies"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

Helm = Callable[..., str]

pytestmark = pytest.mark.usefixtures("release")


def environment(client: httpx.Client) -> dict[str, str]:
    deployment = client.get(DEPLOYMENT).raise_for_status().json()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", "") for entry in container["env"]}


def test_an_upgrade_changes_the_mode_and_a_rollback_puts_it_back(
    helm: Helm, client: httpx.Client
) -> None:
    assert environment(client)["PERIGEE_MODE"] == "Act"
    helm("upgrade", "perigee", CHART, "--set=leave.enabled=false,mode=Observe")
    assert environment(client)["PERIGEE_MODE"] == "Observe"
    helm("rollback", "perigee")
    assert environment(client)["PERIGEE_MODE"] == "Act"


def test_the_policys_expressions_are_of_the_right_types(client: httpx.Client) -> None:
    status = client.get(f"{POLICIES}/perigee-heartbeats").raise_for_status().json()["status"]
    assert not status["typeChecking"].get("expressionWarnings")


def test_the_three_policies_are_there_and_can_be_left_out(helm: Helm, client: httpx.Client) -> None:
    assert policies(client) == ["balanced", "cautious", "fast"]
    helm("upgrade", "perigee", CHART, "--set=leave.enabled=false,rolloutPolicies.enabled=false")
    assert policies(client) == []
    helm("rollback", "perigee")
    assert policies(client) == ["balanced", "cautious", "fast"]


def policies(client: httpx.Client) -> list[str]:
    items = client.get(ROLLOUT_POLICIES).raise_for_status().json()["items"]
    return [item["metadata"]["name"] for item in items]


def test_receivers_of_webhooks_come_and_go(helm: Helm, client: httpx.Client) -> None:
    receiver = '[{"name": "a", "url": "https://example.com/a", "secret": "its-key"}]'
    helm("upgrade", "perigee", CHART, "--reuse-values", f"--set-json=webhooks.receivers={receiver}")
    spec = client.get(DEPLOYMENT).raise_for_status().json()["spec"]["template"]["spec"]
    (volume,) = spec["volumes"]
    assert volume["projected"]["sources"][0]["secret"]["name"] == "its-key"
    assert operator_may(client, "list events.k8s.io/events")
    helm("rollback", "perigee")
    assert "PERIGEE_WEBHOOKS" not in environment(client)
    assert not operator_may(client, "list events.k8s.io/events")


def operator_may(client: httpx.Client, right: str) -> bool:
    """Whether the operator has a right: VERB GROUP/RESOURCE [NAMESPACE]."""
    verb, what, *namespace = right.split()
    group, _, resource = what.partition("/")
    attributes = {"verb": verb, "group": group, "resource": resource}
    attributes["namespace"] = "".join(namespace)
    user = f"system:serviceaccount:{SYSTEM_NAMESPACE}:perigee-operator"
    review = {"spec": {"user": user, "resourceAttributes": attributes}}
    answer = client.post(REVIEWS, json=review).raise_for_status().json()
    allowed: bool = answer["status"]["allowed"]
    return allowed


@pytest.mark.parametrize(
    "right",
    [
        "patch /nodes",
        "patch /nodes/status",
        "patch apps/replicasets default",
        "delete /pods default",
        "patch coordination.k8s.io/leases perigee-heartbeats",
        "watch coordination.k8s.io/leases kube-node-lease",
        "watch perigee.space/rolloutpolicies",
    ],
)
def test_the_operator_may(client: httpx.Client, right: str) -> None:
    assert operator_may(client, right)


@pytest.mark.parametrize(
    "right",
    [
        "delete /nodes",
        "create /pods default",
        f"get /secrets {SYSTEM_NAMESPACE}",
        "patch coordination.k8s.io/leases kube-node-lease",
        "patch coordination.k8s.io/leases kube-system",
        "delete perigee.space/satellitenodes",
        "patch perigee.space/rolloutpolicies",
    ],
)
def test_the_operator_may_not(client: httpx.Client, right: str) -> None:
    assert not operator_may(client, right)
