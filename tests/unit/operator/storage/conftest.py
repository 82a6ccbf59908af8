"""An API server that says what a test tells it to say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from perigee_operator.storage.api import KubernetesApi

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ScriptedServer:
    """Gives one prepared answer a request, in order; the last one for good."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path with query, and JSON body of each request."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by every request."""
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.requests.append((request.method, request.path_qs, body))
        self.asked.set()
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return await answer(request)

    def say(
        self, status: int, body: Any, headers: dict[str, str] | None = None, times: int = 1
    ) -> None:
        """Prepares JSON answers."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.json_response(body, status=status, headers=headers)

        self.answers += [answer] * times

    def refuse(self, status: int, reason: str, headers: dict[str, str] | None = None) -> None:
        """Prepares a Status."""
        self.say(status, {"kind": "Status", "code": status, "reason": reason}, headers)

    def stream(self, *pieces: bytes, cut: bool = False, until: asyncio.Event | None = None) -> None:
        """Prepares a body in pieces, and its end: orderly, or a connection that is cut."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            response.enable_chunked_encoding()
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
            if until is not None:
                await until.wait()
            if cut:
                assert request.transport is not None
                request.transport.abort()
            return response

        self.answers.append(answer)


@asynccontextmanager
async def listening(server: ScriptedServer) -> AsyncIterator[None]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    server.url = f"http://{host}:{port}"
    yield
    await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    async with listening(server):
        yield server


@pytest.fixture
def kubeconfig(server: ScriptedServer, tmp_path: Path) -> Path:
    found = tmp_path / "kubeconfig"
    found.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "it", "cluster": {"server": server.url}}],
                "users": [{"name": "it", "user": {"token": "secret"}}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                "current-context": "it",
            }
        )
    )
    return found


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncIterator[KubernetesApi]:
    async with KubernetesApi(kubeconfig, timeout_s=60) as api:
        yield api


@pytest.fixture
async def hasty_api(kubeconfig: Path) -> AsyncIterator[KubernetesApi]:
    """For a server that never answers."""
    async with KubernetesApi(kubeconfig, timeout_s=0.5) as api:
        yield api
