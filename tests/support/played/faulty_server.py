"""An API server that answers badly: the real one, behind a server that plays its faults."""

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml
from aiohttp import web
from kubernetes.config import new_client_from_config

LATE_S: Final = 1.0
WHOLE: Final = aiohttp.ClientTimeout(total=None)
HOP_BY_HOP: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers of one connection, not of the request."""
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Fault(StrEnum):
    """How a call is answered that is answered badly."""

    LATE = "Late"
    """As it should be, but a second later."""
    THROTTLED = "Throttled"
    """429, come again in a second."""
    CONFLICT = "Conflict"
    """409, a write; a read is answered."""
    UNHEARD = "Unheard"
    """It never arrives, and nobody answers."""
    UNANSWERED = "Unanswered"
    """It is carried out, and nobody answers."""


class FaultyServer:
    """Every call but the first of its kind is answered, and then again every other one is not.

    So each call that the operator makes meets the fault, and meets it again whenever it is made
    anew. Late answers are late each time.

    Args:
        fault: what it plays.
        upstream: a session with the real API server.
    """

    def __init__(self, fault: Fault, upstream: aiohttp.ClientSession) -> None:
        self.fault = fault
        self.faults = Counter[str]()
        """How often it was played, by method."""
        self._upstream = upstream
        self._calls = Counter[tuple[str, str, bool]]()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        if not self._is_struck(request):
            return await self._carried(request)
        self.faults[request.method] += 1
        match self.fault:
            case Fault.LATE:
                await asyncio.sleep(LATE_S)
            case Fault.THROTTLED:
                return _refusal(429, "TooManyRequests", {"Retry-After": "1"})
            case Fault.CONFLICT:
                return _refusal(409, "Conflict")
            case Fault.UNHEARD:
                return await _silence()
            case Fault.UNANSWERED:
                await self._call(request)
                return await _silence()
        return await self._carried(request)

    def _is_struck(self, request: web.Request) -> bool:
        is_watch = "watch" in request.query
        if "perigee.space" in request.path and request.method == "GET":
            return False  # kopf's own; it is not there in a world.
        if self.fault is Fault.CONFLICT and request.method not in WRITES:
            return False
        if self.fault is Fault.UNANSWERED and is_watch:
            return False  # Nothing is carried out.
        call = (request.method, request.path, is_watch)
        self._calls[call] += 1
        return self.fault is Fault.LATE or self._calls[call] % 2 == 1

    async def _carried(self, request: web.Request) -> web.StreamResponse:
        async with await self._call(request) as found:
            answer = web.StreamResponse(status=found.status, headers=_carried_on(found.headers))
            await answer.prepare(request)
            async for piece in found.content.iter_any():
                await answer.write(piece)
            await answer.write_eof()
            return answer

    async def _call(self, request: web.Request) -> aiohttp.ClientResponse:
        return await self._upstream.request(
            request.method,
            request.path_qs,
            data=await request.read() or None,
            headers=_carried_on(request.headers),
            timeout=WHOLE,
        )


@asynccontextmanager
async def faulty_server(fault: Fault, kubeconfig: Path, copy: Path) -> AsyncIterator[FaultyServer]:
    """A faulty server before the API server of a kubeconfig.

    Args:
        fault: what it plays.
        kubeconfig: with a client's certificate.
        copy: becomes a kubeconfig that leads to the faulty server, in plain text.
    """
    found = new_client_from_config(str(kubeconfig)).configuration
    tls = ssl.create_default_context(cafile=found.ssl_ca_cert)
    tls.load_cert_chain(found.cert_file, found.key_file)
    connector = aiohttp.TCPConnector(ssl=tls, limit=0)
    async with aiohttp.ClientSession(
        found.host, connector=connector, auto_decompress=False
    ) as upstream:
        server = FaultyServer(fault, upstream)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", server.answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        await asyncio.to_thread(_lead_to, kubeconfig, copy, f"http://{host}:{port}")
        try:
            yield server
        finally:
            await runner.cleanup()


def _lead_to(kubeconfig: Path, copy: Path, url: str) -> None:
    document: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    document["clusters"][0]["cluster"] = {"server": url}
    copy.write_text(yaml.safe_dump(document))


def _carried_on(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}


def _refusal(code: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": f"played: {reason}",
        "code": code,
    }
    return web.Response(
        status=code, text=json.dumps(status), content_type="application/json", headers=headers
    )


async def _silence() -> web.StreamResponse:
    """No answer until whoever has called gives up."""
    await asyncio.Event().wait()
    raise AssertionError("an Event that nobody sets was set")
