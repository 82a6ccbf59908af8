"""What a reflector does when the server does not do as it should."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from perigee_operator.domain import kinds
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.cache import Cache, Change
from perigee_operator.storage.reflector import MAX_DELAY_S, Reflector, retry_delay_s
from perigee_operator.storage.scope import Scope

LISTING = {"metadata": {"resourceVersion": "5"}, "items": []}


@pytest.mark.parametrize(
    ("failures", "asked_s", "chance", "delay_s"),
    [
        (1, None, 0.0, 0.5),
        (2, None, 0.0, 1.0),
        (3, None, 0.0, 2.0),
        (3, None, 0.5, 1.5),
        (6, None, 0.0, MAX_DELAY_S),
        (10_000, None, 0.0, MAX_DELAY_S),
        (1, 4.0, 0.0, 4.0),
        (6, 4.0, 0.0, MAX_DELAY_S),
        (1, 60.0, 0.9, 60.0),
    ],
)
def test_delays(failures: int, asked_s: float | None, chance: float, delay_s: float) -> None:
    assert retry_delay_s(failures, asked_s, chance) == delay_s


@asynccontextmanager
async def following(
    api: KubernetesApi, changed: Callable[[Change], None] = lambda _: None
) -> AsyncIterator[Reflector]:
    cache = Cache(changed)
    reflector = Reflector(
        api, Scope(kinds.NODE), cache, monotonic=time.monotonic, random=lambda: 0.999
    )
    task = asyncio.create_task(reflector.run())
    yield reflector
    assert not task.done(), "a reflector never ends by itself"
    task.cancel()
    await asyncio.wait([task])


async def until_requests(server: Any, number: int) -> None:
    async with asyncio.timeout(60):
        while len(server.requests) < number:
            server.asked.clear()
            await server.asked.wait()


def event(kind: str, name: str, version: int) -> bytes:
    metadata = {"name": name, "uid": name, "resourceVersion": str(version)}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}).encode() + b"\n"


async def test_a_watch_goes_on_where_it_broke_off(api: KubernetesApi, server: Any) -> None:
    server.say(200, LISTING)
    server.stream(event("ADDED", "a", 6), event("BOOKMARK", "", 8), cut=True)
    server.stream(event("DELETED", "a", 9), cut=True)
    server.stream(cut=True)
    async with following(api) as reflector:
        await until_requests(server, 4)
        assert len(reflector.cache) == 0
    versions = [path.partition("resourceVersion=")[2] for _, path, _ in server.requests[1:4]]
    assert [version.partition("&")[0] for version in versions] == ["5", "8", "9"]


async def test_a_version_too_old_is_listed_anew(api: KubernetesApi, server: Any) -> None:
    server.say(200, LISTING)
    server.refuse(410, "Expired")
    server.say(200, {"metadata": {"resourceVersion": "50"}, "items": []})
    server.stream(cut=True)
    async with following(api):
        await until_requests(server, 4)
    assert "resourceVersion=50" in server.requests[3][1]


async def test_an_outage_is_told_of_once_and_its_end_once(api: KubernetesApi, server: Any) -> None:
    server.say(200, LISTING)
    for _ in range(3):
        server.refuse(500, "InternalError")
    seen, looked = asyncio.Event(), asyncio.Event()
    server.stream(event("ADDED", "a", 6), until=looked)
    with capture_logs() as logs:
        async with following(api, lambda _: seen.set()) as reflector, asyncio.timeout(60):
            await seen.wait()
            assert reflector.connected
        looked.set()
    assert [entry["event"] for entry in logs] == ["not following", "following"]
    assert logs[0]["scope"] == "nodes"
    assert "500 InternalError" in logs[0]["error"]


async def test_a_server_that_ends_every_watch_at_once_is_not_run_down(
    api: KubernetesApi, server: Any
) -> None:
    server.say(200, LISTING)
    server.stream()
    begun = time.monotonic()
    async with following(api) as reflector:
        await until_requests(server, 4)
        assert time.monotonic() - begun > 0.25 + 0.5, "two delays, less a half each"
        assert reflector.synced.is_set()
