import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from kubernetes.config import new_client_from_config

from perigee_api.names import HEARTBEAT_NAMESPACE

COMMAND = str(Path(sys.executable).with_name("perigee-edge"))
NODE = "sat-of-the-edge-agent"
RIGHTS = "edge-agent-test"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{HEARTBEAT_NAMESPACE}/leases"
WITHIN = f"/api/v1/namespaces/{HEARTBEAT_NAMESPACE}"
RBAC = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{HEARTBEAT_NAMESPACE}"


class ControlPlane(Protocol):
    kubeconfig: Path


def await_that(condition: Callable[[], bool], within_s: float = 90) -> None:
    """Await what this test is not told of."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Ground:
    """The API server as an administrator sees it, and what one agent needs there."""

    client: httpx.Client
    url: str
    directory: Path
    """Holds the agent's token and the CA."""

    def lease(self) -> dict[str, Any] | None:
        answer = self.client.get(f"{LEASES}/{NODE}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        lease: dict[str, Any] = answer.raise_for_status().json()
        return lease

    def delete_lease(self) -> None:
        self.client.delete(f"{LEASES}/{NODE}").raise_for_status()

    def annotate(self, annotations: dict[str, str], manager: str) -> None:
        """By server-side apply, as the operator does."""
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": NODE, "annotations": annotations},
        }
        self.client.patch(
            f"{LEASES}/{NODE}",
            params={"fieldManager": manager, "force": "true"},
            headers={"Content-Type": "application/apply-patch+yaml"},
            content=json.dumps(lease),
        ).raise_for_status()

    @contextmanager
    def agent(self, state_directory: Path) -> Iterator[None]:
        command = [COMMAND, "report", "--node-name", NODE, "--heartbeat-interval-s", "0.5"]
        command += ["--state-directory", str(state_directory), "--server", self.url]
        command += ["--token-file", str(self.directory / "token")]
        command += ["--ca-file", str(self.directory / "ca.crt")]
        with subprocess.Popen(command) as process:  # noqa: S603 - our own command
            yield
            assert process.poll() is None, "the agent ended by itself"
            process.terminate()
        assert process.returncode == 0


@pytest.fixture
def ground(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Ground]:
    """With the rights that the chart gives to an agent, and a token bound to a Node."""
    access = new_client_from_config(str(control_plane.kubeconfig)).configuration
    tls = ssl.create_default_context(cafile=access.ssl_ca_cert)
    tls.load_cert_chain(access.cert_file, access.key_file)
    directory = tmp_path / "credentials"
    directory.mkdir()
    (directory / "ca.crt").write_bytes(Path(access.ssl_ca_cert).read_bytes())
    with (
        httpx.Client(base_url=access.host, verify=tls, timeout=30) as client,
        heartbeat_namespace(client),
    ):
        node = make(client, "/api/v1/nodes", {"metadata": {"name": NODE}})
        grant(client)
        (directory / "token").write_text(token(client, node))
        yield Ground(client, access.host, directory)
        rights = [f"{RBAC}/{kind}/{RIGHTS}" for kind in ("roles", "rolebindings")]
        account = f"{WITHIN}/serviceaccounts/{RIGHTS}"
        for path in (f"{LEASES}/{NODE}", f"/api/v1/nodes/{NODE}", *rights, account):
            client.delete(path)


@contextmanager
def heartbeat_namespace(client: httpx.Client) -> Iterator[None]:
    """Made, and taken away again, unless it is there already."""
    there_already = client.get(WITHIN).is_success
    if not there_already:
        make(client, "/api/v1/namespaces", {"metadata": {"name": HEARTBEAT_NAMESPACE}})
    await_that(lambda: client.get(f"{WITHIN}/serviceaccounts/default").is_success)
    yield
    if not there_already:
        client.delete(WITHIN).raise_for_status()
        await_that(lambda: client.get(WITHIN).status_code == httpx.codes.NOT_FOUND, within_s=60)


def make(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
    return made


def grant(client: httpx.Client) -> None:
    rule = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    verbs = {"verbs": ["create", "patch"]}
    make(client, f"{WITHIN}/serviceaccounts", {"metadata": {"name": RIGHTS}})
    make(client, f"{RBAC}/roles", {"metadata": {"name": RIGHTS}, "rules": [rule | verbs]})
    binding = {
        "metadata": {"name": RIGHTS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": RIGHTS},
        "subjects": [{"kind": "ServiceAccount", "name": RIGHTS, "namespace": HEARTBEAT_NAMESPACE}],
    }
    make(client, f"{RBAC}/rolebindings", binding)


def token(client: httpx.Client, node: dict[str, Any]) -> str:
    bound_to = {
        "apiVersion": "v1",
        "kind": "Node",
        "name": NODE,
        "uid": node["metadata"]["uid"],
    }
    spec = {"spec": {"expirationSeconds": 600, "boundObjectRef": bound_to}}
    answer = make(client, f"{WITHIN}/serviceaccounts/{RIGHTS}/token", spec)
    text: str = answer["status"]["token"]
    return text


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Awaits a condition, for 30 s at most."""
    return await_that
