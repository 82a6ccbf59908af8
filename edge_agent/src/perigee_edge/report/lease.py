"""The heartbeat Lease, and the two requests that an agent makes for it."""

import math
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
from pydantic import BaseModel, ValidationError

from perigee_api.names import HEARTBEAT_NAMESPACE, REPORT_ANNOTATION

_LEASES: Final = f"/apis/coordination.k8s.io/v1/namespaces/{HEARTBEAT_NAMESPACE}/leases"
_FIELD_MANAGER: Final = "perigee-edge"
_CONNECT_TIMEOUT_S: Final = 2.0
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._~+/-]+=*")
"""RFC 6750, section 2.1."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where the API server is and how it is convinced."""

    url: str
    token_file: Path
    """Read for each heartbeat: the kubelet renews it."""
    ca_file: Path


class HeartbeatError(Exception):
    """A heartbeat did not get through; the text is a sentence for a person."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause
        """In CamelCase; does not change with the wording."""


class _Metadata(BaseModel):
    annotations: dict[str, str] = {}


class _Lease(BaseModel):
    metadata: _Metadata = _Metadata()


def lease_body(
    *, node_name: str, renewed_at: datetime, duration_s: float, report: str
) -> dict[str, object]:
    """The Lease as far as the agent writes it, as a merge patch (RFC 7396) and as an object.

    Args:
        node_name: Of the satellite; the Lease has the same name.
        renewed_at: Now, with a time zone.
        duration_s: How long this heartbeat speaks for the satellite; rounded up.
        report: The encoded report.
    """
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": node_name,
            "namespace": HEARTBEAT_NAMESPACE,
            "annotations": {REPORT_ANNOTATION: report},
        },
        "spec": {
            "holderIdentity": node_name,
            "leaseDurationSeconds": math.ceil(duration_s),
            "renewTime": renewed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    }


def read_token(file: Path) -> str:
    """The bearer token in a file.

    Raises:
        HeartbeatError: The file holds something else.
        OSError: The file cannot be read.
    """
    token = file.read_bytes().strip()
    if not _TOKEN.fullmatch(token):
        raise HeartbeatError("CredentialsUnreadable", f"{file} does not hold a bearer token")
    return token.decode("ascii")


class LeaseClient:
    """Writes one Lease. After a failure it connects anew and reads the CA again."""

    def __init__(self, server: ApiServer, node_name: str) -> None:
        self._server = server
        self._name = node_name
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close the connection, if there is one."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def renew(self, body: Mapping[str, object], timeout_s: float) -> dict[str, str]:
        """Write the Lease, made anew if it is not there; the answer's annotations.

        Raises:
            HeartbeatError: It was not written, or nobody knows whether it was.
        """
        try:
            client = self._connected()
            answer = await self._request(
                client, "PATCH", f"{_LEASES}/{self._name}", body, timeout_s
            )
            if answer.status_code == HTTPStatus.NOT_FOUND:
                answer = await self._request(client, "POST", _LEASES, body, timeout_s)
        except httpx.TransportError as error:
            await self.close()
            raise HeartbeatError("Unreachable", f"{type(error).__name__}: {error}") from error
        except OSError as error:
            await self.close()
            raise HeartbeatError("CredentialsUnreadable", str(error)) from error
        if not answer.is_success:
            await self.close()
            raise HeartbeatError(f"Http{answer.status_code}", answer.text[:500])
        try:
            return _Lease.model_validate_json(answer.content).metadata.annotations
        except ValidationError as error:
            raise HeartbeatError("AnswerUnreadable", str(error)[:500]) from error

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self._server.url,
                verify=ssl.create_default_context(cafile=self._server.ca_file),
                trust_env=False,
                # Kept between heartbeats: a TLS handshake costs several of them on a slow link.
                limits=httpx.Limits(max_connections=1, keepalive_expiry=None),
            )
        return self._client

    async def _request(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        body: Mapping[str, object],
        timeout_s: float,
    ) -> httpx.Response:
        token = read_token(self._server.token_file)
        media_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return await client.request(
            method,
            path,
            params={"fieldManager": _FIELD_MANAGER},
            json=body,
            headers={"Authorization": f"Bearer {token}", "Content-Type": media_type},
            timeout=httpx.Timeout(timeout_s, connect=min(_CONNECT_TIMEOUT_S, timeout_s)),
        )
