"""Who may decide about rollouts, and under whose name."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from installed.callers import MERGE, Caller, token
from installed.objects import ACCOUNTS
from perigee_api.names import API_VERSION, SYSTEM_NAMESPACE

DEFINITIONS = Path(__file__).parents[3] / "crds/yaml"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
ACTIONS = f"/apis/{API_VERSION}/namespaces/default/rolloutactions"
MODELS = f"/apis/{API_VERSION}/namespaces/default/inferencemodels"
ON_DUTY = "on-duty"
OWN_NAME = f"system:serviceaccount:{SYSTEM_NAMESPACE}:{ON_DUTY}"
WITHIN_S = 60


@pytest.fixture(scope="module")
def definitions(client: httpx.Client) -> Iterator[None]:
    made = []
    for plural in ("rolloutactions", "inferencemodels"):
        definition = yaml.safe_load((DEFINITIONS / f"{plural}.yaml").read_text())
        answer = client.post(CRDS, json=definition)
        if answer.status_code != httpx.codes.CONFLICT:
            made.append(answer.raise_for_status().json()["metadata"]["name"])
    yield
    for name in made:
        client.delete(f"{CRDS}/{name}").raise_for_status()


@pytest.fixture(scope="module")
def on_duty(
    client: httpx.Client,
    anonymous: httpx.Client,
    release: None,  # noqa: ARG001 - it installs
    definitions: None,  # noqa: ARG001 - so does it
) -> Iterator[Caller]:
    """Somebody to whom perigee-rollouts is bound, and nothing else."""
    account = {"metadata": {"name": ON_DUTY}}
    client.post(ACCOUNTS, json=account).raise_for_status()
    binding = {
        "metadata": {"name": ON_DUTY},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "perigee-rollouts",
        },
        "subjects": [{"kind": "ServiceAccount", "name": ON_DUTY, "namespace": SYSTEM_NAMESPACE}],
    }
    client.post(BINDINGS, json=binding).raise_for_status()
    yield Caller(anonymous, token(client, ON_DUTY))
    client.delete(f"{BINDINGS}/{ON_DUTY}").raise_for_status()
    client.delete(f"{ACCOUNTS}/{ON_DUTY}").raise_for_status()


def asked(caller: Caller, name: str, by: str) -> httpx.Response:
    spec = {"model": "cloud-mask", "verb": "Abort", "by": by}
    body = {"apiVersion": API_VERSION, "kind": "RolloutAction", "metadata": {"name": name}}
    return caller("POST", ACTIONS, body | {"spec": spec})


def test_nobody_gives_the_name_of_another(on_duty: Caller) -> None:
    """A policy and a new kind are in force about a second after they are made."""
    deadline = time.monotonic() + WITHIN_S
    count = 0
    while (answer := asked(on_duty, f"false-{count}", "alice")).status_code != (
        httpx.codes.FORBIDDEN
    ) or "spec.by" not in answer.text:
        assert time.monotonic() < deadline, answer.text
        count += 1
        time.sleep(0.2)
    assert f"spec.by must be the name of who asks: {OWN_NAME}" in answer.json()["message"]
    answer = asked(on_duty, "true", OWN_NAME)
    assert answer.status_code == httpx.codes.CREATED, answer.text


def test_who_decides_about_rollouts_changes_no_model_and_no_record(on_duty: Caller) -> None:
    spec = {"spec": {"paused": True}}
    for path in (f"{MODELS}/cloud-mask", f"{ACTIONS}/true"):
        assert on_duty("PATCH", path, spec, MERGE).status_code == httpx.codes.FORBIDDEN
    answer = on_duty("PATCH", f"{ACTIONS}/true/status", {"status": {"state": "Done"}}, MERGE)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert on_duty("DELETE", f"{ACTIONS}/true", {}).status_code == httpx.codes.FORBIDDEN
