"""What an agent may do at all on the API server: two verbs on Leases in one namespace."""

from typing import Any

import httpx
import pytest

from installed.callers import APPLY, MERGE, Caller
from installed.objects import ACCOUNTS, LEASES, NODES, OTHER, OWN, PODS, lease, leases_in
from perigee_api.names import (
    API_VERSION,
    HEARTBEAT_NAMESPACE,
    KUBELET_LEASE_NAMESPACE,
    SYSTEM_NAMESPACE,
)

RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
ONESELF = {"authentication.k8s.io", "authorization.k8s.io"}
"""API groups in which everybody may ask who they are and what they may do."""

SATELLITES = f"/apis/{API_VERSION}/satellitenodes"
MODELS = f"/apis/{API_VERSION}/namespaces/default/inferencemodels"
KUBELET_LEASES = leases_in(KUBELET_LEASE_NAMESPACE)
SECRETS = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/secrets"
CONFIGURATION = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/configmaps"


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [
        (HEARTBEAT_NAMESPACE, [(["coordination.k8s.io"], ["leases"], ["create", "patch"])]),
        (SYSTEM_NAMESPACE, []),
        (KUBELET_LEASE_NAMESPACE, []),
        ("kube-system", []),
        ("default", []),
    ],
)
def test_the_rights_of_an_agent(agent: Caller, namespace: str, expected: list[Any]) -> None:
    answer = agent("POST", RULES, {"spec": {"namespace": namespace}}).raise_for_status()
    rules = answer.json()["status"]["resourceRules"]
    granted = [
        (rule["apiGroups"], rule["resources"], rule["verbs"])
        for rule in rules
        if not ONESELF.issuperset(rule["apiGroups"])
    ]
    assert granted == expected


NOTHING: dict[str, Any] = {}
LABELLED = {"metadata": {"labels": {"a": "b"}}}
READY = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
NAMED = {"metadata": {"name": "x"}}

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    # Its own Lease, and that of another: neither read nor deleted, nor replaced as a whole.
    ("GET", LEASES, NOTHING),
    ("GET", f"{LEASES}?watch=true", NOTHING),
    ("DELETE", LEASES, NOTHING),
    *((verb, f"{LEASES}/{node}", NOTHING) for verb in ("GET", "DELETE") for node in (OWN, OTHER)),
    *(("PUT", f"{LEASES}/{node}", lease(node)) for node in (OWN, OTHER)),
    # Leases elsewhere: the kubelets', the controllers'.
    ("POST", KUBELET_LEASES, lease(OWN)),
    *(("PATCH", f"{KUBELET_LEASES}/{node}", LABELLED) for node in (OWN, OTHER)),
    ("DELETE", f"{KUBELET_LEASES}/{OTHER}", NOTHING),
    *(("POST", leases_in(n), lease(OWN)) for n in (SYSTEM_NAMESPACE, "kube-system", "default")),
    ("PATCH", f"{leases_in('kube-system')}/kube-scheduler", LABELLED),
    # What the ground keeps of satellites and models.
    ("GET", SATELLITES, NOTHING),
    ("POST", SATELLITES, NAMED),
    ("DELETE", SATELLITES, NOTHING),
    *(
        (verb, f"{SATELLITES}/{node}{part}", body)
        for node in (OWN, OTHER)
        for verb, part, body in (
            ("GET", "", NOTHING),
            ("PATCH", "", {"spec": {"maintenance": True}}),
            ("PATCH", "/status", {"status": {"epoch": 7}}),
            ("DELETE", "", NOTHING),
        )
    ),
    ("GET", MODELS, NOTHING),
    ("POST", MODELS, NAMED),
    ("PATCH", f"{MODELS}/x", {"spec": {"artifact": None}}),
    ("PATCH", f"{MODELS}/x/status", {"status": {"phase": "Healthy"}}),
    ("DELETE", f"{MODELS}/x", NOTHING),
    # Nodes and Pods.
    ("GET", NODES, NOTHING),
    ("POST", NODES, NAMED),
    *(
        (verb, f"{NODES}/{node}{part}", body)
        for node in (OWN, OTHER)
        for verb, part, body in (
            ("GET", "", NOTHING),
            ("PATCH", "", LABELLED),
            ("PATCH", "/status", READY),
            ("DELETE", "", NOTHING),
        )
    ),
    ("GET", PODS, NOTHING),
    ("POST", PODS, NAMED),
    ("POST", "/api/v1/namespaces/default/pods", NAMED),
    *(
        (verb, f"{PODS}/{node}{part}", body)
        for node in (OWN, OTHER)
        for verb, part, body in (
            ("PATCH", "", LABELLED),
            ("PATCH", "/status", READY),
            ("POST", "/eviction", {"metadata": {"name": node}}),
            ("DELETE", "", NOTHING),
        )
    ),
    # Secrets, and other identities than its own.
    ("GET", SECRETS, NOTHING),
    ("GET", f"{SECRETS}/x", NOTHING),
    ("GET", "/api/v1/secrets", NOTHING),
    ("GET", CONFIGURATION, NOTHING),
    *(
        ("POST", f"{ACCOUNTS}/{account}/token", {"spec": {"expirationSeconds": 600}})
        for account in ("perigee-edge", "perigee-operator")
    ),
    ("POST", "/apis/events.k8s.io/v1/namespaces/default/events", NAMED),
]


@pytest.mark.usefixtures("leases")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    REFUSED,
    ids=[f"{method} {path.partition('v1')[2]}" for method, path, _ in REFUSED],
)
def test_an_agent_may_do_nothing_else(
    agent: Caller, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = agent(method, path, body, MERGE if method == "PATCH" else "json")
    assert answer.status_code == httpx.codes.FORBIDDEN
    user = f"system:serviceaccount:{SYSTEM_NAMESPACE}:perigee-edge"
    assert f'User "{user}" cannot ' in answer.json()["message"]


@pytest.mark.parametrize("path", [f"{SATELLITES}/{OWN}", f"{NODES}/{OWN}", f"{MODELS}/x"])
def test_an_agent_makes_nothing_by_apply(agent: Caller, path: str) -> None:
    answer = agent("PATCH", f"{path}?fieldManager=agent&force=true", NAMED, APPLY)
    assert answer.status_code == httpx.codes.FORBIDDEN


@pytest.mark.usefixtures("leases")
def test_nothing_of_that_has_changed_anything(agent: Caller, client: httpx.Client) -> None:
    before = client.get(f"{LEASES}/{OTHER}").raise_for_status().json()
    for method, path, body in REFUSED:
        if OTHER in path:
            agent(method, path, body, MERGE if method == "PATCH" else "json")
    assert client.get(f"{LEASES}/{OTHER}").raise_for_status().json() == before
