"""One attempt to bring an artifact on board over HTTP."""

import asyncio
from collections.abc import Callable
from typing import Final

import httpx

from perigee_api.heartbeat import AssignedArtifact
from perigee_edge.artifacts.answer import Resumption, StartOver, read_answer
from perigee_edge.artifacts.failures import (
    FailureReason,
    Interrupted,
    PiecesMismatch,
    Rejected,
    Superseded,
    from_disk_error,
)
from perigee_edge.artifacts.store import ArtifactStore

_BLOCK_BYTES: Final = 256 * 1024
_TIMEOUT: Final = httpx.Timeout(connect=2, read=15, write=5, pool=5)
"""Seconds; passes are short, so that a server out of reach is found out soon."""
_HIGHEST_PORT: Final = 65535


def http_client() -> httpx.AsyncClient:
    """A client as `download` wants it; to be closed by the caller."""
    return httpx.AsyncClient(
        timeout=_TIMEOUT,
        follow_redirects=True,
        max_redirects=5,
        limits=httpx.Limits(max_connections=2, max_keepalive_connections=1),
        event_hooks={"request": [_check_address]},
    )


async def _check_address(request: httpx.Request) -> None:
    """Refuse, also after a redirect, a port that the socket would stumble over."""
    if request.url.port is not None and request.url.port > _HIGHEST_PORT:
        raise httpx.InvalidURL(f"there is no port {request.url.port}")


async def download(
    artifact: AssignedArtifact,
    store: ArtifactStore,
    client: httpx.AsyncClient,
    proceed: Callable[[int], bool],
) -> None:
    """Fetch what is missing of an artifact, verify it and put it under its name.

    What has come stays in the partial file whenever it can be continued.

    Args:
        artifact: What to fetch.
        store: Where to.
        client: From `http_client`.
        proceed: Told now and then how many bytes have come; False ends the attempt.

    Raises:
        Interrupted: Link or server went away.
        PiecesMismatch: It is complete and its digest wrong, but it was put together from pieces.
        Superseded: `proceed` said no.
        Rejected: The artifact cannot be had as assigned.
    """
    try:
        before = await asyncio.to_thread(store.partial_bytes, artifact.sha256)
        if before != artifact.size:
            await _fetch(artifact, store, client, proceed)
        await _admit(artifact, store, in_pieces=before > 0)
    except httpx.TransportError as error:
        if isinstance(error, httpx.UnsupportedProtocol):
            raise _unusable_address(error) from error
        cause = str(error) or type(error).__name__
        raise Interrupted(f"the link to the server broke: {cause}") from error
    except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
        raise _unusable_address(error) from error
    except OSError as error:
        failure = from_disk_error(error)
        if failure.reason is FailureReason.NO_ROOM:
            # Everybody on board needs the room more than we need the bytes.
            await asyncio.to_thread(store.discard_partial, artifact.sha256)
        raise failure from error


async def _fetch(
    artifact: AssignedArtifact,
    store: ArtifactStore,
    client: httpx.AsyncClient,
    proceed: Callable[[int], bool],
) -> None:
    sha256 = artifact.sha256
    asked = Resumption(store.partial_bytes(sha256), store.etag(sha256))
    if asked.offset > artifact.size:
        store.discard_partial(sha256)
        asked = Resumption(0, None)
    async with client.stream("GET", artifact.uri, headers=asked.request_headers()) as response:
        try:
            answer = read_answer(response.status_code, response.headers, asked, artifact.size)
        except Rejected as error:
            if error.reason is FailureReason.SIZE_MISMATCH:
                store.discard_partial(sha256)
            raise
        if isinstance(answer, StartOver):
            store.discard_partial(sha256)
            raise Interrupted("the file changed on the server; starting over")
        if answer.from_start:
            store.begin(sha256, answer.etag)
        await _receive(response, artifact, store, proceed)


async def _receive(
    response: httpx.Response,
    artifact: AssignedArtifact,
    store: ArtifactStore,
    proceed: Callable[[int], bool],
) -> None:
    """Append the body to the partial file; what came before a cut is written too."""
    missing = artifact.size - store.partial_bytes(artifact.sha256)
    block = bytearray()
    try:
        async for piece in response.aiter_raw():
            missing -= len(piece)
            if missing < 0:
                block.clear()
                raise _too_long(artifact, store)
            block += piece
            if not proceed(artifact.size - missing):
                raise Superseded("something more urgent is to be fetched first")
            if len(block) >= _BLOCK_BYTES:
                full, block = bytes(block), bytearray()
                await asyncio.to_thread(store.append, artifact.sha256, full)
    finally:
        if block:
            store.append(artifact.sha256, bytes(block))
    if missing:
        raise Interrupted(f"the server's answer ended {missing} bytes early")


def _too_long(artifact: AssignedArtifact, store: ArtifactStore) -> Rejected:
    store.discard_partial(artifact.sha256)
    return Rejected(
        FailureReason.SIZE_MISMATCH,
        f"the server sends more than the {artifact.size} bytes that the model's spec says",
    )


async def _admit(artifact: AssignedArtifact, store: ArtifactStore, *, in_pieces: bool) -> None:
    if await asyncio.to_thread(store.admit, artifact.sha256):
        return
    await asyncio.to_thread(store.discard_partial, artifact.sha256)
    message = f"what the server has under {address(artifact.uri)} has another SHA-256"
    if in_pieces:
        raise PiecesMismatch(message)
    raise Rejected(FailureReason.DIGEST_MISMATCH, message)


def address(uri: str) -> str:
    """An address as it may stand in logs and reports: without user, password and query."""
    try:
        url = httpx.URL(uri)
    except httpx.InvalidURL:
        return "an invalid address"
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


def _unusable_address(error: Exception) -> Rejected:
    return Rejected(FailureReason.REFUSED, f"the artifact's address cannot be used: {error}")
