"""What has to be in a cluster before the operator can run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from perigee_api import names
from perigee_operator.domain.kinds import LEASE, Kind
from perigee_operator.storage.paths import collection_path
from played.access import MERGE, Access, RefusedError
from played.awaiting import until
from played.in_world import everybodys_lease

NAMESPACE: Final = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
SERVICE_ACCOUNT: Final = Kind("", "v1", "ServiceAccount", "serviceaccounts")

DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ANYTHING: Final = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

CONFLICT: Final = 409
NOT_YET: Final = {404, 429}
REFUSALS: Final = {400, 404, 422}


async def prepare(access: Access, definitions: list[dict[str, Any]]) -> None:
    """The CRDs, and the place of the heartbeats."""
    for definition in definitions:
        await _install(access, definition)
    await make_namespace(access, names.HEARTBEAT_NAMESPACE)
    lease: dict[str, Any] = everybodys_lease()
    if await access.get(LEASE, lease["metadata"]["name"], names.HEARTBEAT_NAMESPACE) is None:
        await access.create(LEASE, lease, names.HEARTBEAT_NAMESPACE)
    name = lease["metadata"]["name"]
    await access.patch(LEASE, name, lease, names.HEARTBEAT_NAMESPACE)


async def make_namespace(access: Access, name: str) -> None:
    """A namespace in which Pods can be made: it has its service account."""
    try:
        await access.create(NAMESPACE, {"metadata": {"name": name}})
    except RefusedError as error:
        if error.status != CONFLICT:
            raise
    await until(lambda: _is_ready(access, name))


async def _is_ready(access: Access, namespace: str) -> bool:
    return await access.get(SERVICE_ACCOUNT, "default", namespace) is not None


async def _install(access: Access, definition: dict[str, Any]) -> None:
    """A CRD, and waits until it is served."""
    name = definition["metadata"]["name"]
    await access.call(
        "PATCH",
        f"{DEFINITIONS}/{name}",
        query={"force": "true"},
        body=definition,
        content_type="application/apply-patch+yaml",
    )
    spec = definition["spec"]
    version = spec["versions"][0]["name"]
    kind = Kind(spec["group"], version, spec["names"]["kind"], spec["names"]["plural"])
    await until(lambda: _is_served(access, kind))


async def _is_served(access: Access, kind: Kind) -> bool:
    try:
        await access.call("GET", collection_path(kind, None))
    except RefusedError as error:
        if error.status not in NOT_YET:
            raise
        return False
    return True


@asynccontextmanager
async def definition_without_validation(access: Access, kind: Kind) -> AsyncIterator[None]:
    """For a while the API server takes whatever a spec of a kind says."""
    path = f"{DEFINITIONS}/{kind.plural}.{kind.group}"
    before = await access.call("GET", path)
    versions = before["spec"]["versions"]
    loose = [v | {"schema": {"openAPIV3Schema": ANYTHING}} for v in versions]
    await access.call("PATCH", path, body={"spec": {"versions": loose}}, content_type=MERGE)
    try:
        await until(lambda: _takes_anything(access, kind))
        yield
    finally:
        await access.call("PATCH", path, body={"spec": {"versions": versions}}, content_type=MERGE)


async def _takes_anything(access: Access, kind: Kind) -> bool:
    path = collection_path(kind, "default" if kind.namespaced else None)
    body = {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"name": "anything"},
        "spec": {"anything": True},
    }
    try:
        # Strictly: else a schema without mandatory fields leaves out what it does not know.
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        await access.call("POST", path, query=query, body=body)
    except RefusedError as error:
        if error.status not in REFUSALS:
            raise
        return False
    return True
