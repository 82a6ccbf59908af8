import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest

from perigee_edge.serve.body import BodyBudget, receive
from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.settings import RequestLimits

PLAIN = b"tensor" * 100


def limits(max_body_bytes: int = 1000, body_timeout_s: float = 60) -> RequestLimits:
    return RequestLimits(
        max_body_bytes=max_body_bytes,
        max_json_bytes=1000,
        max_bodies_bytes=10_000,
        body_timeout_s=body_timeout_s,
        refuse_non_finite=False,
    )


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def received(
    body: bytes,
    coding: str | None = None,
    budget: BodyBudget | None = None,
    max_body_bytes: int = 1000,
) -> bytes:
    with (budget or BodyBudget(10_000)).share() as share:
        parts = (body[:10], body[10:], b"")
        return bytes(await receive(chunks(*parts), coding, share, limits(max_body_bytes)))


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (None, PLAIN),
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN)),
        ("deflate", zlib.compress(PLAIN)),
    ],
)
async def test_codings(coding: str | None, body: bytes) -> None:
    assert await received(body, coding) == PLAIN


@pytest.mark.parametrize(
    ("coding", "body", "status", "message"),
    [
        (None, b"x" * 1001, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "more than the 1000"),
        ("gzip", gzip.compress(b"x" * 1001), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "1000"),
        ("br", PLAIN, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "'br' is not supported"),
        ("gzip, gzip", PLAIN, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not supported"),
        ("gzip", PLAIN, HTTPStatus.BAD_REQUEST, "not gzip"),
        ("gzip", b"", HTTPStatus.BAD_REQUEST, "one whole stream"),
        ("gzip", gzip.compress(PLAIN)[:-1], HTTPStatus.BAD_REQUEST, "one whole stream"),
        ("gzip", gzip.compress(PLAIN) + b"x", HTTPStatus.BAD_REQUEST, "one whole stream"),
        ("deflate", gzip.compress(PLAIN), HTTPStatus.BAD_REQUEST, "not deflate"),
    ],
)
async def test_bodies_that_are_refused(
    coding: str | None, body: bytes, status: HTTPStatus, message: str
) -> None:
    with pytest.raises(RequestError, match=message) as refusal:
        await received(body, coding)
    assert refusal.value.status is status


async def test_a_body_as_large_as_allowed() -> None:
    assert await received(b"x" * 1000) == b"x" * 1000
    assert await received(gzip.compress(b"x" * 1000), "gzip") == b"x" * 1000


async def test_no_memory_left() -> None:
    budget = BodyBudget(599)
    with pytest.raises(RequestError, match="memory") as refusal:
        await received(PLAIN, budget=budget)
    assert refusal.value.status is HTTPStatus.TOO_MANY_REQUESTS
    assert refusal.value.retry_after_s == 1
    assert budget.used_bytes == 0


async def test_a_compressed_body_needs_room_for_the_largest() -> None:
    budget = BodyBudget(999)
    with pytest.raises(RequestError, match="memory"):
        await received(gzip.compress(PLAIN), "gzip", budget)
    assert budget.used_bytes == 0


async def test_a_share_holds_what_the_body_takes() -> None:
    budget = BodyBudget(10_000)
    with budget.share() as share:
        body = gzip.compress(PLAIN)
        await receive(chunks(body), "gzip", share, limits())
        assert budget.used_bytes == len(body) + len(PLAIN)
    assert budget.used_bytes == 0


async def test_a_client_that_falls_silent() -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    with BodyBudget(10).share() as share, pytest.raises(RequestError, match="nothing came") as late:
        await receive(silent(), None, share, limits(body_timeout_s=0.01))
    assert late.value.status is HTTPStatus.REQUEST_TIMEOUT
