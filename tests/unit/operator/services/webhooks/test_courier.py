"""Couriers and receivers on loopback: good, slow, flaky, refusing, redirecting."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry
from standardwebhooks import Webhook

from perigee_lab.certificates import Authority, Subject
from perigee_operator.services.webhooks.courier import Courier, Surroundings
from perigee_operator.services.webhooks.notice import CONTENT_TYPE, Notice
from perigee_operator.services.webhooks.receiver import Receiver
from perigee_operator.services.webhooks.retry import GIVE_UP_AFTER_S, Delivery
from perigee_operator.services.webhooks.signature import SigningKeyError
from perigee_operator.services.webhooks.tally import Tally

KEY = b"k" * 32


class WatchedTally(Tally):
    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)
        self.changed = asyncio.Event()

    def settled(self, receiver: str, delivery: Delivery) -> None:
        super().settled(receiver, delivery)
        self.changed.set()


class Desk:
    """Couriers with a clock that passes only while they pause."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.registry = CollectorRegistry()
        self.tally = WatchedTally(self.registry)
        self.clock_s = 0.0
        self.pauses: list[float] = []
        self.surroundings = Surroundings(
            session,
            self.tally,
            now=lambda: datetime.now(UTC),
            monotonic=lambda: self.clock_s,
            random=lambda: 1.0,
            sleep=self.pause,
            timeout_s=0.3,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock_s += seconds
        await asyncio.sleep(0)

    def send(self, url: str, key: Callable[[], bytes] = lambda: KEY, **more: Any) -> Courier:
        """A courier at work."""
        told = {"name": "r", "url": url, "allowHttp": True, **more}
        courier = Courier(Receiver.model_validate(told), key, self.surroundings)
        self._tasks.append(asyncio.create_task(courier.run()))
        return courier

    def notice(self, identity: str) -> Notice:
        return Notice(identity, f'{{"id":"{identity}"}}'.encode(), self.clock_s)

    def count(self, delivery: Delivery, receiver: str = "r") -> float:
        labels = {"receiver": receiver, "delivery": delivery.value}
        return self.registry.get_sample_value("perigee_webhook_notices_total", labels) or 0

    @property
    def failures(self) -> float:
        found = self.registry.get_sample_value("perigee_webhook_failures_total", {"receiver": "r"})
        return found or 0

    async def settles(self, delivery: Delivery, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while self.count(delivery) < times:
                self.tally.changed.clear()
                await self.tally.changed.wait()
        assert self.count(delivery) == times

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as session:
        desk = Desk(session)
        yield desk
        await desk.end()


async def test_a_signed_post(desk: Desk, server: Any) -> None:
    server.say(204)
    desk.send(server.url).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.SENT)
    ((headers, body),) = server.heard
    assert Webhook(KEY).verify(body, headers) == {"id": "n1"}
    assert headers["content-type"] == CONTENT_TYPE
    assert (desk.pauses, desk.failures) == ([], 0)


async def test_a_flaky_receiver_is_told_in_order_and_each_time_by_the_same_identity(
    desk: Desk, server: Any
) -> None:
    server.say(500, 200, 503, 429, 502, 200)
    courier = desk.send(server.url)
    for identity in ("n1", "n2", "n3"):
        courier.outbox.put(desk.notice(identity))
    await desk.settles(Delivery.SENT, 3)
    assert server.identities == ["n1", "n1", "n2", "n2", "n2", "n2", "n3"]
    assert desk.pauses == [1, 1, 2, 4], "who has answered well is trusted anew"
    assert desk.failures == 4
    for headers, body in server.heard:
        Webhook(KEY).verify(body, headers)


async def test_retry_after_is_respected(desk: Desk, server: Any) -> None:
    server.say(429, headers={"Retry-After": "120"})
    server.say(200)
    desk.send(server.url).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.SENT)
    assert desk.pauses == [120]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
async def test_what_is_refused_is_not_sent_again(desk: Desk, server: Any, status: int) -> None:
    server.say(status, 200)
    courier = desk.send(server.url)
    courier.outbox.put(desk.notice("n1"))
    courier.outbox.put(desk.notice("n2"))
    await desk.settles(Delivery.SENT)
    assert server.identities == ["n1", "n2"]
    assert (desk.count(Delivery.REFUSED), desk.pauses) == (1, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_sent_elsewhere(
    desk: Desk, receive: Callable[..., Awaitable[Any]], status: int
) -> None:
    server, other = await receive(), await receive()
    other.say(200)
    server.say(status, headers={"Location": other.url})
    desk.send(server.url).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.REFUSED)
    assert (len(server.heard), len(other.heard)) == (1, 0)


async def test_no_answer_in_time_is_a_failure(desk: Desk, server: Any) -> None:
    until = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await until.wait()
        return web.Response()

    server.answers.append(slow)
    server.say(200)
    desk.send(server.url).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.SENT)
    until.set()
    assert (server.identities, desk.failures) == (["n1", "n1"], 1)


async def test_a_cut_connection_is_a_failure(desk: Desk, server: Any) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.answers.append(cut)
    server.say(200)
    desk.send(server.url).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.SENT)
    assert server.identities == ["n1", "n1"]


async def test_an_answer_without_end_is_not_read(desk: Desk, server: Any) -> None:
    until = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * 1000)
        await until.wait()
        return response

    server.answers.append(endless)
    desk.send(server.url).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.SENT)
    until.set()


async def test_who_is_never_there_is_given_up_within_bounds(desk: Desk) -> None:
    courier = desk.send("http://127.0.0.1:1/")
    courier.outbox.put(desk.notice("n1"))
    courier.outbox.put(desk.notice("n2"))
    await desk.settles(Delivery.EXPIRED, 2)
    assert desk.pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(desk.pauses[6:]) == {60}
    assert GIVE_UP_AFTER_S <= desk.clock_s < GIVE_UP_AFTER_S + 60
    assert desk.failures == len(desk.pauses)


async def test_the_oldest_make_room_and_are_counted(desk: Desk, server: Any) -> None:
    going_on = asyncio.Event()

    async def held(_: web.Request) -> web.Response:
        await going_on.wait()
        return web.Response()

    server.answers.append(held)
    courier = desk.send(server.url)
    courier.outbox.put(desk.notice("first"))
    await server.hears(1)
    for number in range(1002):
        courier.outbox.put(desk.notice(str(number)))
    waiting = desk.registry.get_sample_value("perigee_webhook_waiting", {"receiver": "r"})
    assert (waiting, desk.count(Delivery.DROPPED)) == (1000, 2)
    going_on.set()
    await desk.settles(Delivery.SENT, 1001)
    # One whose answer came late is sent again.
    arrived = list(dict.fromkeys(server.identities))
    assert arrived == ["first", *(str(number) for number in range(2, 1002))]


async def test_one_that_hangs_holds_up_nobody_else(
    desk: Desk, receive: Callable[..., Awaitable[Any]]
) -> None:
    bad, good = await receive(), await receive()
    until = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await until.wait()
        return web.Response()

    bad.answers.append(hang)
    good.say(200)
    for name, server in (("bad", bad), ("good", good)):
        courier = desk.send(server.url, name=name)
        for number in range(50):
            courier.outbox.put(desk.notice(str(number)))
    await good.hears(50)
    assert len(bad.heard) == 1
    until.set()


async def test_without_a_key_nothing_is_sent_until_there_is_one(desk: Desk, server: Any) -> None:
    server.say(200)
    missing = iter([True, True, False])

    def key() -> bytes:
        if next(missing):
            raise SigningKeyError("none")
        return KEY

    desk.send(server.url, key).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.SENT)
    assert (len(server.heard), desk.failures) == (1, 2)


async def test_nobody_is_told_whose_certificate_is_not_vouched_for(
    desk: Desk, receive: Callable[..., Awaitable[Any]], tmp_path: Path
) -> None:
    authority = Authority(tmp_path, datetime.now(UTC))
    authority.certificate("receiver", Subject("receiver", addresses=("127.0.0.1",)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "receiver.crt", tmp_path / "receiver.key")
    server = await receive(ssl_context=context)
    server.say(200)
    desk.send(server.url).outbox.put(desk.notice("n1"))
    await desk.settles(Delivery.EXPIRED)
    assert server.heard == []
    trusting = desk.send(server.url, caBundle=authority.authority.public)
    trusting.outbox.put(desk.notice("n2"))
    await desk.settles(Delivery.SENT)
    assert server.identities == ["n2"]
