import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import yaml
from kubernetes.config import new_client_from_config

from perigee_api import names
from perigee_api.generate.documents import RESOURCES

CHECKOUT = Path(__file__).parents[3]
PLURALS = {resource.kind: resource.plural for resource in RESOURCES}
MERGE = {"Content-Type": "application/merge-patch+json"}


class ControlPlane(Protocol):
    kubeconfig: Path


@dataclass(frozen=True, slots=True)
class Perigee:
    """Perigee's resources on the API server, written with strict validation as kubectl does."""

    client: httpx.Client

    def create(self, resource: dict[str, Any], **parameters: str) -> httpx.Response:
        collection, _, _ = self.path(resource).rpartition("/")
        return self.client.post(
            collection, json=resource, params={"fieldValidation": "Strict"} | parameters
        )

    def read(self, resource: dict[str, Any], subresource: str = "") -> dict[str, Any]:
        found: dict[str, Any] = (
            self.client.get(self.path(resource) + subresource).raise_for_status().json()
        )
        return found

    def patch(
        self, resource: dict[str, Any], change: dict[str, Any], subresource: str = ""
    ) -> httpx.Response:
        return self.client.patch(self.path(resource) + subresource, json=change, headers=MERGE)

    def own_name(self) -> str:
        """Of this user: nobody asks for a RolloutAction under another."""
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        review = self.client.post(path, json={}).raise_for_status().json()
        name: str = review["status"]["userInfo"]["username"]
        return name

    def delete(self, resource: dict[str, Any]) -> None:
        self.client.delete(self.path(resource)).raise_for_status()

    @staticmethod
    def path(resource: dict[str, Any]) -> str:
        metadata = resource["metadata"]
        within = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
        return f"/apis/{names.API_VERSION}{within}/{PLURALS[resource['kind']]}/{metadata['name']}"


@pytest.fixture(scope="session")
def client(control_plane: ControlPlane) -> Iterator[httpx.Client]:
    access = new_client_from_config(str(control_plane.kubeconfig)).configuration
    tls = ssl.create_default_context(cafile=access.ssl_ca_cert)
    tls.load_cert_chain(access.cert_file, access.key_file)
    with httpx.Client(base_url=access.host, verify=tls, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def perigee(client: httpx.Client) -> Perigee:
    """The definitions are installed as `kubectl apply -f crds/yaml` does, and served."""
    for file in sorted((CHECKOUT / "crds/yaml").glob("*.yaml")):
        name = yaml.safe_load(file.read_text())["metadata"]["name"]
        client.patch(
            f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}",
            params={"fieldManager": "test", "force": "true", "fieldValidation": "Strict"},
            headers={"Content-Type": "application/apply-patch+yaml"},
            content=file.read_bytes(),
        ).raise_for_status()
        await_served(client, f"/apis/{names.API_VERSION}/{name.split('.')[0]}")
    return Perigee(client)


NOT_YET = {httpx.codes.NOT_FOUND, httpx.codes.TOO_MANY_REQUESTS}
"""Not served yet; its storage is being initialized."""


def await_served(client: httpx.Client, path: str, within_s: float = 90) -> None:
    deadline = time.monotonic() + within_s
    while (answer := client.get(path)).status_code in NOT_YET:
        assert time.monotonic() < deadline, f"after {within_s} s: {answer.text}"
        time.sleep(0.05)
    answer.raise_for_status()


@pytest.fixture
def created(perigee: Perigee, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The good resource that the test names, for as long as the test lasts."""
    file = Path(__file__).parent / "good" / f"{request.param}.yaml"
    resource: dict[str, Any] = yaml.safe_load(file.read_text())
    answer = perigee.create(resource)
    assert answer.is_success, answer.text
    yield resource
    perigee.delete(resource)
