"""The API server as a test sees it: JSON over HTTP, as somebody who may do everything."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
from kubernetes.config import new_client_from_config

from perigee_operator.domain.kinds import Kind
from perigee_operator.storage.paths import collection_path

Json = dict[str, Any]

MERGE: Final = "application/merge-patch+json"
NOT_FOUND: Final = 404
TOO_MANY_REQUESTS: Final = 429
PAUSE_S: Final = 0.2
ENDED: Final = (
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientConnectionResetError,
    aiohttp.ClientOSError,
)
"""How a connection fails that the server ended while nothing was asked over it."""
FIELD_MANAGER: Final = "test"


class RefusedError(Exception):
    """The API server refuses a request."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Access:
    """A connection: ``async with Access(kubeconfig) as access``."""

    def __init__(self, kubeconfig: Path) -> None:
        found = new_client_from_config(str(kubeconfig)).configuration
        self._host: str = found.host
        self._tls = ssl.create_default_context(cafile=found.ssl_ca_cert)
        self._tls.load_cert_chain(found.cert_file, found.key_file)
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        # Every watch holds a connection; the usual limit of 100 would stop the rest.
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        self._session = aiohttp.ClientSession(self._host, connector=connector)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, kind: Kind, name: str, namespace: str | None = None) -> Json | None:
        """An object; None where there is none."""
        try:
            return await self.call("GET", _path(kind, name, namespace))
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    async def list(
        self, kind: Kind, namespace: str | None = None, selector: str | None = None
    ) -> list[Json]:
        """All objects of a kind, or those whose labels match."""
        query = {} if selector is None else {"labelSelector": selector}
        found = await self.call("GET", collection_path(kind, namespace), query=query)
        items: list[Json] = found["items"]
        return items

    async def create(self, kind: Kind, body: Json, namespace: str | None = None) -> Json:
        """POSTs an object."""
        whole = {"apiVersion": kind.api_version, "kind": kind.name} | body
        return await self.call("POST", collection_path(kind, namespace), body=whole)

    async def patch(
        self,
        kind: Kind,
        name: str,
        body: Json,
        namespace: str | None = None,
        *,
        subresource: str = "",
    ) -> Json:
        """JSON merge patch."""
        path = _path(kind, name, namespace) + (f"/{subresource}" if subresource else "")
        return await self.call("PATCH", path, body=body, content_type=MERGE)

    async def delete(
        self, kind: Kind, name: str, namespace: str | None = None, **options: Any
    ) -> None:
        """Deletes an object; harmless where there is none."""
        try:
            await self.call("DELETE", _path(kind, name, namespace), body=options)
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise

    async def delete_all(self, kind: Kind, namespace: str | None, selector: str = "") -> None:
        """Deletes all objects of a kind at once, or those whose labels match."""
        path = collection_path(kind, namespace)
        options = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}
        await self.call("DELETE", path, query={"labelSelector": selector}, body=options)

    @asynccontextmanager
    async def watch(
        self, kind: Kind, namespace: str | None, selector: str = ""
    ) -> AsyncIterator[AsyncIterator[tuple[str, Json]]]:
        """What is there, and all that happens from now on, each with its type of event."""
        query = {"watch": "true", "labelSelector": selector}
        timeout = aiohttp.ClientTimeout(total=None)
        path = collection_path(kind, namespace)
        async with self._session.get(
            path, params=query, timeout=timeout, read_bufsize=2**22
        ) as answer:
            if not answer.ok:
                raise RefusedError(answer.status, await answer.text())
            yield _events(answer)

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: Json | None = None,
        content_type: str = "application/json",
    ) -> Json:
        """Any request; once more where the API server throttles, or ends an idle connection.

        Raises:
            RefusedError: the API server refuses it.
        """
        while True:
            try:
                return await self._call(method, path, query, body, content_type)
            except RefusedError as error:
                if error.status != TOO_MANY_REQUESTS:
                    raise
                await asyncio.sleep(PAUSE_S)
            except ENDED as error:
                if method == "POST" or isinstance(error, aiohttp.ClientConnectorError):
                    raise

    async def _call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None,
        body: Json | None,
        content_type: str,
    ) -> Json:
        async with self._session.request(
            method,
            path,
            params={"fieldManager": FIELD_MANAGER} | (query or {}) if method != "GET" else query,
            data=None if body is None else json.dumps(body),
            headers={"Content-Type": content_type},
        ) as answer:
            text = await answer.text()
            if not answer.ok:
                raise RefusedError(answer.status, text)
            parsed: Json = json.loads(text)
            return parsed


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Json]]:
    async for line in answer.content:
        event = json.loads(line)
        yield event["type"], event["object"]


def _path(kind: Kind, name: str, namespace: str | None) -> str:
    return f"{collection_path(kind, namespace)}/{name}"
