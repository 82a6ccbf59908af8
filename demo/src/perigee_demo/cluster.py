"""The API server, read: one object, or a collection that is followed."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self, cast

import httpx
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import load_kube_config

Json = dict[str, Any]
Objects = tuple[Json, ...]

CALL_TIMEOUT_S: Final = 10.0
WATCH_S: Final = 300
"""The server ends a watch after this long; it is then taken up again."""

WATCH_IDLE_S: Final = 150.0
"""A watch is taken for dead after this: the server sends a bookmark about once a minute."""

RECONNECT_S: Final = 0.5


class Cluster:
    """A connection to the API server: ``async with Cluster.connect() as cluster``."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    @asynccontextmanager
    async def connect(cls, kubeconfig: Path | None = None) -> AsyncIterator[Self]:
        """Connects as a kubeconfig says; None: as ``KUBECONFIG`` says."""
        configuration = Configuration()
        await load_kube_config(
            config_file=None if kubeconfig is None else str(kubeconfig),
            client_configuration=configuration,
        )
        trust = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            trust.load_cert_chain(configuration.cert_file, configuration.key_file)
        credentials = cast("dict[str, dict[str, str]]", await configuration.auth_settings())
        headers = {each["key"]: each["value"] for each in credentials.values()}
        async with httpx.AsyncClient(
            base_url=configuration.host,
            verify=trust,
            headers=headers,
            timeout=CALL_TIMEOUT_S,
            trust_env=False,
        ) as http:
            yield cls(http)

    async def get(self, path: str) -> Json | None:
        """The object at a path, or None if there is none."""
        response = await self._http.get(path)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        response.raise_for_status()
        found: Json = response.json()
        return found

    async def follow(
        self, path: str, *, labels: str = ""
    ) -> AsyncGenerator[tuple[Json, ...], None]:
        """A collection as it is, and again after every change, for as long as it is asked for.

        While the API server cannot be reached, nothing is yielded; what changed meanwhile shows
        afterwards.

        Args:
            path: of the collection.
            labels: label selector.

        Raises:
            httpx.HTTPStatusError: the server refuses.
        """
        while True:
            try:
                async for objects in self._list_and_watch(path, labels):
                    yield objects
            except httpx.TransportError:
                await asyncio.sleep(RECONNECT_S)
            except httpx.HTTPStatusError as error:
                if not _passing(error.response):
                    raise
                await asyncio.sleep(RECONNECT_S)

    async def _list_and_watch(self, path: str, labels: str) -> AsyncIterator[Objects]:
        """Ends when the server ends the watch."""
        selection = {"labelSelector": labels}
        listing = (await self._http.get(path, params=selection)).raise_for_status().json()
        objects = {_identity(item): item for item in listing["items"]}
        yield tuple(objects.values())
        watch = {
            **selection,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": listing["metadata"]["resourceVersion"],
            "timeoutSeconds": str(WATCH_S),
        }
        timeout = httpx.Timeout(CALL_TIMEOUT_S, read=WATCH_IDLE_S)
        async with self._http.stream("GET", path, params=watch, timeout=timeout) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                event = json.loads(line)
                if event["type"] == "BOOKMARK":
                    continue
                if event["type"] == "ERROR":
                    return  # the version is too old: list again
                if event["type"] == "DELETED":
                    objects.pop(_identity(event["object"]), None)
                else:
                    objects[_identity(event["object"])] = event["object"]
                yield tuple(objects.values())


def _identity(item: Json) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _passing(response: httpx.Response) -> bool:
    """Whether a refusal is the server's trouble and may pass."""
    return response.is_server_error or response.status_code in {
        HTTPStatus.GONE,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
