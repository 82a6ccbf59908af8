"""What is asked of a Prometheus server, and what is made of its answers."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from perigee_operator.services.measurements.prometheus import (
    ANSWER_LIMIT_BYTES,
    Prometheus,
    SourceDownError,
    read_values,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(kind: str, result: object) -> bytes:
    data = {"resultType": kind, "result": result}
    return json.dumps({"status": "success", "data": data, "warnings": ["w"]}).encode()


def sample(value: str) -> dict[str, object]:
    return {"metric": {"pod": "a"}, "value": [1435781451.781, value]}


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (answer("vector", []), []),
        (answer("vector", [sample("0.5")]), [0.5]),
        (answer("vector", [sample("1"), sample("1e-3")]), [1, 0.001]),
        (answer("vector", [sample("+Inf"), sample("-Inf")]), [math.inf, -math.inf]),
        (answer("scalar", [1435781451.781, "7"]), [7]),
    ],
)
def test_values(body: bytes, values: list[float]) -> None:
    assert read_values(200, body) == values


def test_nan_is_read() -> None:
    (value,) = read_values(200, answer("vector", [sample("NaN")]))
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (
            400,
            b'{"status":"error","errorType":"bad_data","error":"1:3: parse error"}',
            "bad_data: 1:3: parse error",
        ),
        (200, answer("matrix", []), "'vector', 'scalar'"),
        (200, answer("vector", [{"metric": {}, "histogram": [1, {}]}]), "value: Field required"),
        (200, answer("vector", [sample("many")]), "valid number"),
        (404, b"<html>no such page</html>", "HTTP 404, and no answer to a query: the whole"),
        (302, b"", "HTTP 302"),
        (200, b"[]", "HTTP 200"),
    ],
)
def test_faults(status: int, body: bytes, fault: str) -> None:
    with pytest.raises(SourceDownError) as error:
        read_values(status, body)
    assert fault in str(error.value)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{tail:.*}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("/prefix/"))


async def test_a_query_arrives_as_it_is() -> None:
    seen = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request.path, request.query["query"]))
        return web.Response(body=answer("scalar", [1, "2"]))

    query = 'sum(rate(x{a="b&c=d"}[5m])) + 1 # %2B é'
    async with serving(handle) as address, Prometheus() as source:
        assert await source.values(address, query) == [2]
    assert seen == [("/prefix/api/v1/query", query)]


async def test_nobody_is_followed_elsewhere() -> None:
    async def handle(_: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    async with serving(handle) as address, Prometheus() as source:
        with pytest.raises(SourceDownError, match="HTTP 302"):
            await source.values(address, "up")


async def test_one_that_hangs_is_down() -> None:
    async def handle(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(handle) as address, Prometheus(timeout_s=0.1) as source:
        with pytest.raises(SourceDownError, match=r"no answer within 0\.1 s"):
            await source.values(address, "up")


async def test_an_endless_answer_is_cut() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(3):
            await response.write(b" " * (ANSWER_LIMIT_BYTES // 2))
        return response

    async with serving(handle) as address, Prometheus() as source:
        with pytest.raises(SourceDownError, match="more than 1048576 bytes"):
            await source.values(address, "up")


@pytest.mark.parametrize(
    "address",
    [
        f"http://127.0.0.1:{unused_port()}",
        "http://host.invalid",
        "http://:80",
        "http://127.0.0.1:99999",
        "http://[::1",
        f"http://{'x' * 70}.invalid",
    ],
)
async def test_an_address_that_leads_nowhere_is_down(address: str) -> None:
    async with Prometheus() as source:
        with pytest.raises(SourceDownError):
            await source.values(address, "up")
