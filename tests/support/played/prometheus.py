"""A real Prometheus server, and what it scrapes: requests as a gateway would count them."""

import asyncio
import json
import shutil
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from played.awaiting import until
from played.operator_process import free_port

BINARY: Final = shutil.which("prometheus")
"""Debian's package ``prometheus``; None where it is not installed."""
REQUESTS_PER_S: Final = 100

ERROR_SHARE: Final = (
    'sum(rate(requests_total{model="$(model)", revision="$(candidate)", code="500"}[2s])) / '
    'sum(rate(requests_total{model="$(model)", revision="$(candidate)"}[2s]))'
)
"""In PromQL, over the last two seconds."""


class Traffic:
    """Requests to the revisions of the model ``m``: steady, with a share of errors each."""

    def __init__(self) -> None:
        self.error_shares: dict[str, float] = {}
        """By revision; others are not asked."""
        self._registry = CollectorRegistry()
        labels = ["model", "revision", "code"]
        self._requests = Counter("requests", "Answered.", labels, registry=self._registry)
        self._counted_s = time.monotonic()

    async def expose(self, _: web.Request) -> web.Response:
        """Counts what has come since the last scrape."""
        now_s = time.monotonic()
        came = REQUESTS_PER_S * (now_s - self._counted_s)
        self._counted_s = now_s
        for revision, share in self.error_shares.items():
            self._requests.labels("m", revision, "500").inc(came * share)
            self._requests.labels("m", revision, "200").inc(came * (1 - share))
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


class PrometheusServer:
    """One that can be stopped and started again at the same address.

    Args:
        directory: of its configuration and its data.
        exporter: host and port that it scrapes.
    """

    def __init__(self, directory: Path, exporter: str) -> None:
        self._listen = f"127.0.0.1:{free_port()}"
        self.address = f"http://{self._listen}"
        self._directory = directory
        self._process: Process | None = None
        job = {"job_name": "gateway", "static_configs": [{"targets": [exporter]}]}
        configuration = {"global": {"scrape_interval": "200ms"}, "scrape_configs": [job]}
        # YAML, which JSON is a part of.
        (directory / "prometheus.yaml").write_text(json.dumps(configuration))

    async def start(self) -> None:
        """Begins, and waits until it answers."""
        assert BINARY is not None
        self._process = await asyncio.create_subprocess_exec(
            BINARY,
            f"--config.file={self._directory / 'prometheus.yaml'}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            f"--web.listen-address={self._listen}",
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        async with aiohttp.ClientSession() as session:
            await until(lambda: self._is_ready(session))

    async def stop(self) -> None:
        """Ends it as a power loss does."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, "Prometheus has ended by itself"
        try:
            async with session.get(f"{self.address}/-/ready") as answer:
                return answer.status == HTTPStatus.OK
        except aiohttp.ClientConnectionError:
            return False


@asynccontextmanager
async def scraping(traffic: Traffic, directory: Path) -> AsyncIterator[PrometheusServer]:
    """A Prometheus server that knows of this traffic."""
    app = web.Application()
    app.router.add_get("/metrics", traffic.expose)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        server = PrometheusServer(directory, f"127.0.0.1:{port}")
        await server.start()
        try:
            yield server
        finally:
            await server.stop()
    finally:
        await runner.cleanup()
