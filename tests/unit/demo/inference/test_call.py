import asyncio
import json
from collections.abc import Callable, Mapping

import httpx
import numpy as np
import pytest

from perigee_demo.inference.call import Reply, call, inference_client
from perigee_demo.inference.endpoints import Endpoint, choose
from perigee_demo.inference.open_inference import HEADER_LENGTH, encode

A, B = (Endpoint(f"10.0.0.{n}", 8080, f"sat-{n}") for n in (1, 2))
REQUEST = encode("cloud-mask", np.zeros((1, 4, 2, 2), dtype=np.float32))
LOGITS = np.ones((1, 3, 2, 2), dtype=np.float32)

Handler = Callable[[httpx.Request], httpx.Response]


def good(_: httpx.Request) -> httpx.Response:
    header = json.dumps(
        {
            "model_name": "cloud-mask",
            "model_version": "r1",
            "outputs": [{"name": "output", "datatype": "FP32", "shape": list(LOGITS.shape)}],
        }
    ).encode()
    return httpx.Response(
        200, content=header + LOGITS.tobytes(), headers={HEADER_LENGTH: str(len(header))}
    )


def out_of_reach(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectTimeout("no answer", request=request)


def broke_off(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("reset", request=request)


def unready(_: httpx.Request) -> httpx.Response:
    return httpx.Response(503, json={"error": "not ready"})


def nonsense(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="hello")


async def ask(endpoints: tuple[Endpoint, ...], satellites: Mapping[str, Handler]) -> Reply:
    transport = httpx.MockTransport(lambda request: satellites[request.url.host](request))
    async with httpx.AsyncClient(transport=transport) as http:
        return await call(http, lambda tried: choose(endpoints, 0, tried), REQUEST)


async def test_the_first_one_answers() -> None:
    reply = await ask((A, B), {A.address: good, B.address: out_of_reach})
    assert reply.endpoint == A
    assert reply.errors == ()
    assert reply.answer is not None
    assert reply.answer.revision == "r1"
    np.testing.assert_array_equal(reply.answer.output, LOGITS)


@pytest.mark.parametrize("trouble", [out_of_reach, broke_off, unready, nonsense])
async def test_another_one_is_asked(trouble: Handler) -> None:
    reply = await ask((A, B), {A.address: trouble, B.address: good})
    assert reply.endpoint == B
    assert len(reply.errors) == 1
    assert "sat-1" in reply.errors[0]


async def test_two_tries_and_no_more() -> None:
    third = Endpoint("10.0.0.3", 8080, "sat-3")
    satellites = {A.address: unready, B.address: unready, third.address: good}
    reply = await ask((A, B, third), satellites)
    assert reply.answer is None
    assert len(reply.errors) == 2


@pytest.mark.parametrize(
    ("endpoints", "errors"),
    [((), ["no satellite to ask"]), ((A,), ["sat-1", "no other satellite to ask"])],
)
async def test_none_to_ask(endpoints: tuple[Endpoint, ...], errors: list[str]) -> None:
    reply = await ask(endpoints, {A.address: out_of_reach})
    assert reply.answer is None
    assert len(reply.errors) == len(errors)
    for found, expected in zip(reply.errors, errors, strict=True):
        assert expected in found


async def test_each_request_connects_anew() -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(REQUEST.body))
        body = good(httpx.Request("POST", "http://a"))
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body.content)
            + f"{HEADER_LENGTH}: {body.headers[HEADER_LENGTH]}\r\n\r\n".encode()
            + body.content
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, inference_client() as http:
        host, port = server.sockets[0].getsockname()
        for _ in range(2):
            reply = await call(http, lambda _: Endpoint(host, port, "sat-1"), REQUEST)
            assert reply.errors == ()
    assert connections == 2
