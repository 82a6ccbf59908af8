"""The API server, as JSON over HTTP: plain dicts in and out, no typed models.

`kubernetes.aio` brings the configuration (in-cluster or kubeconfig), TLS and tokens that are
renewed; its generated models are left aside, for they cost ten times the time of the JSON.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import ApiClient

from perigee_api import names
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.storage.answers import failure_of, failure_of_response
from perigee_operator.storage.credentials import load_configuration
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.paths import collection_path, object_path
from perigee_operator.storage.scope import Listing, Scope, WatchEvent

APPLY: Final = "application/apply-patch+yaml"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON: Final = "application/json"

PAGE_SIZE: Final = 500
"""Objects a page of a list, as kubectl and client-go ask for."""

CONNECT_TIMEOUT_S: Final = 5.0
WATCH_IDLE_TIMEOUT_S: Final = 150.0
"""A watch is taken for dead after this: the server sends a bookmark about once a minute."""

EXPIRED: Final = 410

USER_AGENT: Final = "perigee-operator"


class KubernetesApi:
    """A connection to the API server: ``async with KubernetesApi() as api``.

    Every call raises `ApiError` where the server refuses and `ApiUnreachableError` where it does
    not answer.

    Args:
        kubeconfig: a kubeconfig; None: the Pod's service account, else the user's kubeconfig.
        timeout_s: for a whole request; a watch has timeouts of its own.
    """

    def __init__(self, kubeconfig: Path | None = None, *, timeout_s: float = 15.0) -> None:
        self._kubeconfig = kubeconfig
        self._limits = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S)
        self._client: ApiClient | None = None

    async def __aenter__(self) -> Self:
        self._client = ApiClient(await load_configuration(self._kubeconfig))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def get(self, key: ObjectKey) -> Json:
        """One object."""
        return await self._call("GET", object_path(key))

    async def list(self, scope: Scope) -> Listing:
        """All objects of a scope, fetched in pages.

        Where the pages expire on the way (410), the list is asked for again in one piece.
        """
        try:
            return await self._list(scope, limit=PAGE_SIZE)
        except ApiError as error:
            if error.status != EXPIRED:
                raise
            return await self._list(scope, limit=None)

    async def _list(self, scope: Scope, limit: int | None) -> Listing:
        items: list[Json] = []
        async for page in self.pages(scope, limit):
            items += page.items
        return Listing(tuple(items), page.resource_version)

    async def pages(self, scope: Scope, limit: int | None = PAGE_SIZE) -> AsyncIterator[Listing]:
        """All objects of a scope page by page, one at least.

        Raises:
            ApiError: 410, where the pages expire on the way.
        """
        path = collection_path(scope.kind, scope.namespace)
        query = _selection(scope) | ({} if limit is None else {"limit": str(limit)})
        identity = {"apiVersion": scope.kind.api_version, "kind": scope.kind.name}
        while True:
            page = await self._call("GET", path, query=query)
            items = tuple(scope.kept({**identity, **item}) for item in page.get("items") or ())
            yield Listing(items, page["metadata"]["resourceVersion"])
            rest = page["metadata"].get("continue")
            if not rest:
                return
            query = query | {"continue": rest}

    @asynccontextmanager
    async def watch(
        self, scope: Scope, *, resource_version: str, timeout_s: int
    ) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        """What happens in a scope after a resourceVersion, until the server ends it.

        The block is entered once the server has taken the watch; leaving it ends the watch.

        Args:
            scope: which objects.
            resource_version: of a listing, or of the last event or bookmark seen.
            timeout_s: the server ends the watch after about this time.

        Raises:
            ApiError: 410, on entry or from the iterator, where the resourceVersion is too old:
                list again.
        """
        query = _selection(scope) | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(timeout_s),
        }
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=WATCH_IDLE_TIMEOUT_S
        )
        path = collection_path(scope.kind, scope.namespace)
        async with self._exchange("GET", path, query=query, limits=limits) as response:
            yield _events(response, scope)

    async def create(self, key: ObjectKey, body: Json) -> Json:
        """POSTs an object; 409 (AlreadyExists) where there is one of that name."""
        path = collection_path(key.kind, key.namespace)
        query = {"fieldManager": names.FIELD_MANAGER}
        return await self._call("POST", path, query=query, body=_addressed(key, body))

    async def apply(
        self, key: ObjectKey, body: Json, *, subresource: str | None = None, force: bool = True
    ) -> Json:
        """Server-side apply; see `domain.writes.Apply` for what a uid in it means.

        Where it is not forced, 409 where somebody else has said something different.
        """
        query = {"fieldManager": names.FIELD_MANAGER, "force": str(force).lower()}
        return await self._call(
            "PATCH",
            object_path(key, subresource),
            query=query,
            body=_addressed(key, body),
            content_type=APPLY,
        )

    async def merge_patch(
        self, key: ObjectKey, body: Json, *, subresource: str | None = None
    ) -> Json:
        """JSON merge patch (RFC 7386).

        A ``metadata.uid`` or ``metadata.resourceVersion`` in it is a precondition (409).
        """
        query = {"fieldManager": names.FIELD_MANAGER}
        return await self._call(
            "PATCH",
            object_path(key, subresource),
            query=query,
            body=body,
            content_type=MERGE_PATCH,
        )

    async def delete(self, key: ObjectKey, *, uid: str) -> Json:
        """Deletes an object and, in the background, what it owns; 409 where the uid is another.

        Returns:
            The object, if it goes away by and by, or a Status.
        """
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
        }
        return await self._call("DELETE", object_path(key), body=options)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        content_type: str = JSON,
    ) -> Json:
        async with self._exchange(
            method, path, query=query, body=body, content_type=content_type, limits=self._limits
        ) as response:
            with _reaching(method, path):
                text = await response.read()
            return _parsed(text)

    @asynccontextmanager
    async def _exchange(  # noqa: PLR0913 - the parts of an HTTP request
        self,
        method: str,
        path: str,
        *,
        limits: aiohttp.ClientTimeout,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        content_type: str = JSON,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request; the answer is open inside the block, and good."""
        if self._client is None:
            raise RuntimeError("KubernetesApi is used outside its `async with`")
        configuration = self._client.configuration
        headers = {"Accept": JSON, "Content-Type": content_type, "User-Agent": USER_AGENT}
        for credential in (await configuration.auth_settings()).values():
            headers[credential["key"]] = credential["value"] or ""
        url = f"{configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        with _reaching(method, path):
            # A watch may be silent for long, but only once it was taken.
            async with asyncio.timeout(self._limits.total):
                answer = await self._client.rest_client.request(
                    method, url, headers=headers, body=body, _request_timeout=limits
                )
        async with answer.response as response:
            if not response.ok:
                with _reaching(method, path):
                    text = await response.read()
                raise failure_of_response(response.status, response.headers, text)
            yield response


@contextmanager
def _reaching(method: str, path: str) -> Iterator[None]:
    """Tells failures of the connection from all others."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ApiUnreachableError(
            f"{method} {path}: {str(error) or type(error).__name__}"
        ) from error


def _parsed(text: bytes) -> Json:
    """What the server said; half a line, where the connection ended in the midst of it."""
    try:
        parsed: Json = json.loads(text)
    except json.JSONDecodeError as error:
        raise ApiUnreachableError(f"not an answer of an API server: {error}") from error
    return parsed


async def _events(response: aiohttp.ClientResponse, scope: Scope) -> AsyncIterator[WatchEvent]:
    with _reaching("WATCH", response.url.path):
        async for line in response.content:
            event = _parsed(line)
            if event["type"] == "ERROR":
                raise failure_of(event["object"])
            yield WatchEvent(event["type"], scope.kept(event["object"]))


def _selection(scope: Scope) -> dict[str, str]:
    selectors = {"labelSelector": scope.label_selector, "fieldSelector": scope.field_selector}
    return {name: selector for name, selector in selectors.items() if selector is not None}


def _addressed(key: ObjectKey, body: Json) -> Json:
    """The body with what the key says: apiVersion, kind, name and namespace."""
    metadata = {**body.get("metadata", {}), "name": key.name}
    if key.namespace is not None:
        metadata["namespace"] = key.namespace
    return {
        **body,
        "apiVersion": key.kind.api_version,
        "kind": key.kind.name,
        "metadata": metadata,
    }
