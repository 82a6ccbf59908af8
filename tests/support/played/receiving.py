"""A receiver of webhooks, on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ReceivingServer:
    """Gives one prepared answer a request, in order; the last one for good."""

    answers: list[Answer] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers, in lower case, and body of each request."""
    asked: asyncio.Condition = field(default_factory=asyncio.Condition)
    url: str = ""

    def say(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        """Prepares answers."""

        def answer(status: int) -> Answer:
            async def give(_: web.Request) -> web.StreamResponse:
                return web.Response(status=status, headers=headers)

            return give

        self.answers += [answer(status) for status in statuses]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Hears, and answers."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((headers, await request.read()))
        async with self.asked:
            self.asked.notify_all()
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return await answer(request)

    @property
    def identities(self) -> list[str]:
        """Of what it has been told, in order."""
        return [headers["webhook-id"] for headers, _ in self.heard]

    async def hears(self, count: int) -> None:
        """Waits until it has been asked so often."""
        async with asyncio.timeout(60), self.asked:
            await self.asked.wait_for(lambda: len(self.heard) >= count)


@asynccontextmanager
async def receiving(**site: Any) -> AsyncIterator[ReceivingServer]:
    """A server on loopback; `site` says more of it, as how TLS is done."""
    server = ReceivingServer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, **site).start()
    host, port = runner.addresses[0][:2]
    server.url = f"{'https' if site else 'http'}://{host}:{port}/hook"
    try:
        yield server
    finally:
        await runner.cleanup()
