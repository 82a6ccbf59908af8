import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from kubernetes.config import new_client_from_config

from installed.callers import Caller, token
from installed.objects import LEASES, NODES, OTHER, OWN, PODS, Json, lease
from perigee_api.names import ASSIGNMENT_ANNOTATION, HEARTBEAT_NAMESPACE, SYSTEM_NAMESPACE
from perigee_lab.builds import tool

CHARTS = Path(__file__).parents[3] / "charts"

IN_FORCE_WITHIN_S = 90
"""The API server takes in new policies about once a second."""


class ControlPlane(Protocol):
    kubeconfig: Path


Helm = Callable[..., str]


@pytest.fixture(scope="package")
def helm(control_plane: ControlPlane) -> Helm:
    """Runs helm, and gives what it says."""
    common = [str(tool("helm")), f"--kubeconfig={control_plane.kubeconfig}"]
    common.append(f"--namespace={SYSTEM_NAMESPACE}")

    def run(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - our own helm
            [*common, *arguments], capture_output=True, text=True, check=True
        ).stdout

    return run


@pytest.fixture(scope="package")
def client(control_plane: ControlPlane) -> Iterator[httpx.Client]:
    """An administrator."""
    access = new_client_from_config(str(control_plane.kubeconfig)).configuration
    tls = ssl.create_default_context(cafile=access.ssl_ca_cert)
    tls.load_cert_chain(access.cert_file, access.key_file)
    with httpx.Client(base_url=access.host, verify=tls, timeout=30) as client:
        yield client


@pytest.fixture(scope="package")
def release(helm: Helm, client: httpx.Client) -> Iterator[None]:
    """The chart, without the Job that leaves Nodes clean: here is no kubelet to run it.

    The definitions come first, as everywhere, and stay: that is what their chart is told.
    """
    helm("install", "perigee-crds", str(CHARTS / "perigee-crds"), "--create-namespace")
    chart = str(CHARTS / "perigee")
    helm("install", "perigee", chart, "--create-namespace", "--set=leave.enabled=false")
    yield
    helm("uninstall", "perigee")
    helm("uninstall", "perigee-crds")
    await_gone(client, f"/api/v1/namespaces/{HEARTBEAT_NAMESPACE}")
    client.delete(f"/api/v1/namespaces/{SYSTEM_NAMESPACE}").raise_for_status()
    await_gone(client, f"/api/v1/namespaces/{SYSTEM_NAMESPACE}")


@pytest.fixture(scope="package")
def make_agent_pod(client: httpx.Client, release: None) -> Callable[..., Json]:  # noqa: ARG001 - it installs
    """Makes a Pod of the agent's service account."""
    own = {
        "serviceAccountName": "perigee-edge",
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "agent", "image": "localhost/none:none"}],
    }

    def make(name: str, **spec: Any) -> Json:
        pod = client.post(PODS, json={"metadata": {"name": name}, "spec": own | spec})
        made: Json = pod.raise_for_status().json()
        return made

    return make


@pytest.fixture(scope="package")
def pods(client: httpx.Client, make_agent_pod: Callable[..., Json]) -> Iterator[dict[str, Json]]:
    """A Pod of the agent on each of two Nodes."""
    made = {}
    for node in (OWN, OTHER):
        client.post(NODES, json={"metadata": {"name": node}}).raise_for_status()
        made[node] = make_agent_pod(node, nodeName=node)
    yield made
    for node in made:
        client.delete(f"{PODS}/{node}")
        client.delete(f"{NODES}/{node}")


@pytest.fixture(scope="package")
def anonymous(client: httpx.Client) -> Iterator[httpx.Client]:
    """Shows no certificate, as the administrator's does."""
    with httpx.Client(base_url=client.base_url, verify=False) as anonymous:  # noqa: S501 - loopback
        yield anonymous


@pytest.fixture(scope="package")
def agent(client: httpx.Client, anonymous: httpx.Client, pods: dict[str, Json]) -> Caller:
    """The agent on the first Node, once the policy is in force."""
    agent = Caller(anonymous, token(client, "perigee-edge", pods[OWN]))
    deadline = time.monotonic() + IN_FORCE_WITHIN_S
    while agent("POST", f"{LEASES}?dryRun=All", lease(OTHER)).is_success:
        assert time.monotonic() < deadline, "the policy is not in force"
        time.sleep(0.1)
    return agent


@pytest.fixture
def leases(client: httpx.Client) -> Iterator[None]:
    """A Lease of each, the operator's assignment in the first."""
    assigned = {"annotations": {ASSIGNMENT_ANNOTATION: '{"epoch":1}'}}
    for body in (lease(OWN, **assigned), lease(OTHER)):
        client.post(LEASES, json=body).raise_for_status()
    yield
    for node in (OWN, OTHER):
        client.delete(f"{LEASES}/{node}")


def await_gone(client: httpx.Client, path: str, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while client.get(path).status_code != httpx.codes.NOT_FOUND:
        assert time.monotonic() < deadline, f"{path} is still there after {within_s} s"
        time.sleep(0.1)
