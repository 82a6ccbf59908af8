"""The operator's HTTP endpoints: /metrics for Prometheus, /livez for the kubelet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from perigee_operator.services.metrics import Metrics


def application(metrics: Metrics, liveness_limit_s: float) -> web.Application:
    """The endpoints.

    Args:
        metrics: what is shown.
        liveness_limit_s: age of the last progress from which /livez answers 503.
    """

    async def show(_: web.Request) -> web.Response:
        headers = {"Content-Type": CONTENT_TYPE_LATEST}
        return web.Response(body=generate_latest(metrics.registry), headers=headers)

    async def live(_: web.Request) -> web.Response:
        age_s = metrics.progress_age_s()
        text = f"last progress {age_s:.1f} s ago, {liveness_limit_s:g} s allowed\n"
        return web.Response(text=text, status=200 if age_s <= liveness_limit_s else 503)

    app = web.Application()
    app.add_routes([web.get("/metrics", show), web.get("/livez", live)])
    return app


@asynccontextmanager
async def listening(app: web.Application, port: int) -> AsyncIterator[None]:
    """Serves on all addresses while the block runs."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        yield
    finally:
        await runner.cleanup()
