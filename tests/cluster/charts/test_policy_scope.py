"""Whom the policy of the heartbeats concerns: agents alone, and all of those."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from installed.callers import MERGE, Caller, token
from installed.objects import LEASES, NODES, OTHER, OWN, PODS, Json, lease, reporting
from perigee_api.names import ASSIGNMENT_ANNOTATION, HEARTBEAT_NAMESPACE

CHART = str(Path(__file__).parents[3] / "charts/perigee")
NAMESPACE = f"/api/v1/namespaces/{HEARTBEAT_NAMESPACE}"
POLICY = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/perigee-heartbeats"
WITHIN_S = 60

Helm = Callable[..., str]
AgentPod = Callable[..., Json]


def renews(caller: Caller, name: str) -> httpx.Response:
    return caller("PATCH", f"{LEASES}/{name}", lease(name, **reporting("{}")), MERGE)


def awaits(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s"
        time.sleep(0.1)


@pytest.fixture
def stray_pod(client: httpx.Client, make_agent_pod: AgentPod) -> Iterator[Json]:
    """Of the agent's account, on no Node."""
    yield make_agent_pod("stray", nodeSelector={"nowhere": "true"})
    client.delete(f"{PODS}/stray")


@pytest.mark.usefixtures("agent", "leases")
def test_a_token_that_is_bound_to_nothing_speaks_for_no_satellite(
    client: httpx.Client, anonymous: httpx.Client
) -> None:
    answer = renews(Caller(anonymous, token(client, "perigee-edge")), OWN)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert 'the agent on Node "" may write' in answer.json()["message"]


@pytest.mark.usefixtures("agent", "leases")
def test_nor_does_one_that_is_bound_to_a_pod_on_no_node(
    client: httpx.Client, anonymous: httpx.Client, stray_pod: Json
) -> None:
    answer = renews(Caller(anonymous, token(client, "perigee-edge", stray_pod)), OWN)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert 'the agent on Node "" may write' in answer.json()["message"]


@pytest.mark.usefixtures("agent", "leases")
def test_each_agent_speaks_for_its_own_satellite(
    client: httpx.Client, anonymous: httpx.Client, pods: dict[str, Json]
) -> None:
    answers = {
        (speaker, name): renews(
            Caller(anonymous, token(client, "perigee-edge", pods[speaker])), name
        ).status_code
        for speaker in (OWN, OTHER)
        for name in (OWN, OTHER)
    }
    ok, forbidden = httpx.codes.OK, httpx.codes.FORBIDDEN
    assert answers == {
        (OWN, OWN): ok,
        (OWN, OTHER): forbidden,
        (OTHER, OWN): forbidden,
        (OTHER, OTHER): ok,
    }


@pytest.mark.usefixtures("agent", "leases")
def test_the_token_of_a_pod_that_is_gone_speaks_for_nobody(
    client: httpx.Client, anonymous: httpx.Client, make_agent_pod: AgentPod
) -> None:
    pod = make_agent_pod("short-lived", nodeName=OWN)
    caller = Caller(anonymous, token(client, "perigee-edge", pod))
    assert renews(caller, OWN).is_success
    client.delete(f"{PODS}/short-lived").raise_for_status()
    # Tokens that were found good are remembered for some seconds.
    awaits(lambda: renews(caller, OWN).status_code == httpx.codes.UNAUTHORIZED)


@pytest.mark.usefixtures("agent", "leases")
def test_the_operator_assigns_to_every_satellite_and_keeps_a_lease_of_its_own(
    client: httpx.Client, anonymous: httpx.Client
) -> None:
    operator = Caller(anonymous, token(client, "perigee-operator"))
    assigned = {"metadata": {"annotations": {ASSIGNMENT_ANNOTATION: '{"epoch":2}'}}}
    for name in (OWN, OTHER):
        assert operator("PATCH", f"{LEASES}/{name}", assigned, MERGE).is_success
    assert operator("POST", LEASES, lease("perigee-operator")).is_success
    assert renews(operator, "perigee-operator").is_success
    client.delete(f"{LEASES}/perigee-operator").raise_for_status()


@pytest.mark.usefixtures("agent", "leases")
def test_a_human_may_do_what_agents_may_not(client: httpx.Client) -> None:
    merge = {"Content-Type": f"application/{MERGE}"}
    held = {"metadata": {"finalizers": ["example.com/held"], **reporting("x" * 100_000)}}
    for change in (held, {"metadata": {"finalizers": None}}):
        client.patch(f"{LEASES}/{OWN}", json=change, headers=merge).raise_for_status()
    client.delete(f"{LEASES}/{OWN}").raise_for_status()
    client.delete(LEASES).raise_for_status()


@pytest.fixture
def restored(helm: Helm, agent: Caller) -> Iterator[None]:
    """The namespace is put back, with the rights in it."""
    yield
    helm("upgrade", "perigee", CHART, "--set=leave.enabled=false")
    awaits(lambda: renews(agent, OWN).status_code == httpx.codes.NOT_FOUND)


@pytest.mark.usefixtures("restored")
def test_the_namespace_of_the_heartbeats_goes_while_the_policy_is_in_force(
    agent: Caller, client: httpx.Client
) -> None:
    agent("POST", LEASES, lease(OWN, **reporting("{}"))).raise_for_status()
    client.post(LEASES, json=lease(OTHER)).raise_for_status()
    client.delete(NAMESPACE).raise_for_status()
    awaits(lambda: client.get(NAMESPACE).status_code == httpx.codes.NOT_FOUND)
    assert client.get(POLICY).is_success
    assert client.get(f"{NODES}/{OWN}").is_success
