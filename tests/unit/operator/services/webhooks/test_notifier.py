"""All receivers together, and what the operator before this one has left."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from perigee_operator.domain.kinds import INFERENCE_MODEL, SATELLITE_NODE
from perigee_operator.domain.writes import Announce, EventType, ObjectKey
from perigee_operator.services.webhooks.courier import Surroundings
from perigee_operator.services.webhooks.notice import notice_body, notice_id
from perigee_operator.services.webhooks.notifier import Notifier
from perigee_operator.services.webhooks.predecessor import EVENTS
from perigee_operator.services.webhooks.receiver import Receiver
from perigee_operator.services.webhooks.retry import GIVE_UP_AFTER_S
from perigee_operator.services.webhooks.tally import Tally
from perigee_operator.storage.announcements import event_body, event_key
from perigee_operator.storage.echo import OPERATOR_LEASE
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.scope import Listing, Scope

STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALIVE = STARTED - timedelta(hours=2)
LOST = Announce(
    ObjectKey(SATELLITE_NODE, "sat-1"), "u", EventType.WARNING, "Lost", "Observe", "lost", ALIVE
)
PROMOTED = Announce(
    ObjectKey(INFERENCE_MODEL, "m", "models"),
    "v",
    EventType.NORMAL,
    "Promoted",
    "Rollout",
    "Revision 3f2a9c41 serves.",
    ALIVE,
    revision="3f2a9c41",
    by="ann",
)


class ApiWithEvents:
    """Has an operator's Lease, and Events in pages."""

    def __init__(self, announces: Iterable[Announce] = (), renewed: str | None = None) -> None:
        self.events = [
            {**event_body(a, "g"), "metadata": {**event_body(a, "g")["metadata"], "name": n}}
            for a in announces
            for n in [event_key(a).name]
        ]
        self.renewed = renewed
        self.failure: ApiError | ApiUnreachableError | None = None

    async def get(self, key: ObjectKey) -> dict[str, Any]:
        assert key == OPERATOR_LEASE
        if self.renewed is None:
            raise self.failure or ApiError(404, "NotFound", "no Lease")
        return {"spec": {"renewTime": self.renewed}}

    async def pages(self, scope: Scope) -> AsyncIterator[Listing]:
        assert scope == EVENTS
        for event in self.events:
            yield Listing((event,), "1")
        if self.failure is not None:
            raise self.failure


def asked(name: str, url: str, **more: Any) -> Receiver:
    return Receiver.model_validate({"name": name, "url": url, "allowHttp": True, **more})


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / name).write_text("whsec_" + base64.b64encode(name.encode() * 32).decode())
    return tmp_path


@asynccontextmanager
async def notifying(
    keys: Path, *receivers: Receiver, api: ApiWithEvents
) -> AsyncIterator[Notifier]:
    async with aiohttp.ClientSession() as session:
        surroundings = Surroundings(
            session,
            Tally(CollectorRegistry()),
            now=lambda: STARTED,
            monotonic=lambda: 0.0,
            random=lambda: 0.0,
        )
        notifier = Notifier(receivers, "ground-1", keys, surroundings)
        server: Any = api
        await notifier.look_back(server)
        running = asyncio.create_task(notifier.run(server))
        yield notifier
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_each_is_told_what_it_wants_and_signed_with_its_own_key(
    keys: Path, receive: Callable[..., Awaitable[Any]]
) -> None:
    first, second = await receive(), await receive()
    for server in (first, second):
        server.say(200)
    a, b = asked("a", first.url), asked("b", second.url, reasons=["Lost"])
    async with notifying(keys, a, b, api=ApiWithEvents()) as notifier:
        for announce in (PROMOTED, LOST):
            notifier.tell(announce)
        await first.hears(2)
        await second.hears(1)
    told = [body for _, body in first.heard]
    assert told == [notice_body(each, notice_id(each), "ground-1") for each in (PROMOTED, LOST)]
    ((headers, body),) = second.heard
    assert body == told[1]
    assert headers["webhook-id"] == notice_id(LOST)
    assert headers["webhook-signature"] != first.heard[1][0]["webhook-signature"]


async def test_a_missing_key_silences_its_own_receiver_alone(
    keys: Path, receive: Callable[..., Awaitable[Any]]
) -> None:
    (keys / "a").unlink()
    first, second = await receive(), await receive()
    second.say(200)
    receivers = asked("a", first.url), asked("b", second.url)
    async with notifying(keys, *receivers, api=ApiWithEvents()) as notifier:
        notifier.tell(LOST)
        await second.hears(1)
    assert first.heard == []


def at(seconds_before_the_end: float, announce: Announce = LOST) -> Announce:
    return replace(announce, at=ALIVE - timedelta(seconds=seconds_before_the_end))


async def test_what_may_not_have_been_told_before_a_restart_is_told_first(
    keys: Path, server: Any
) -> None:
    server.say(200)
    left = [at(0, PROMOTED), at(-1), at(GIVE_UP_AFTER_S), at(GIVE_UP_AFTER_S + 1)]
    own = replace(LOST, at=STARTED)
    foreign = {"metadata": {"name": "x.1"}, "regarding": {"kind": "Pod"}}
    odd = {"metadata": {"name": "x.2"}, "regarding": {"kind": "SatelliteNode"}}
    api = ApiWithEvents([*left, own], ALIVE.isoformat())
    api.events += [foreign, odd]
    async with notifying(keys, asked("a", server.url), api=api) as notifier:
        notifier.tell(own)
        await server.hears(4)
    again = [at(GIVE_UP_AFTER_S), at(0, PROMOTED), at(-1), own]
    assert [body for _, body in server.heard] == [
        notice_body(each, notice_id(each), "ground-1") for each in again
    ], "the same bodies, with revision and person"


@pytest.mark.parametrize(
    "failure", [ApiError(403, "Forbidden", "no"), ApiUnreachableError("no answer")]
)
@pytest.mark.parametrize("renewed", [None, ALIVE.isoformat()])
async def test_who_cannot_look_back_tells_what_there_is(
    keys: Path, server: Any, failure: ApiError | ApiUnreachableError, renewed: str | None
) -> None:
    server.say(200)
    api = ApiWithEvents([at(1)], renewed)
    api.failure = failure
    async with notifying(keys, asked("a", server.url), api=api) as notifier:
        notifier.tell(PROMOTED)
        await server.hears(1 if renewed is None else 2)
    reasons = [json.loads(body)["data"]["reason"] for _, body in server.heard]
    assert reasons == (["Promoted"] if renewed is None else ["Lost", "Promoted"])


async def test_without_receivers_nothing_is_asked(keys: Path) -> None:
    api = ApiWithEvents(renewed=None)
    api.failure = ApiError(500, "InternalError", "must not be asked")
    async with notifying(keys, api=api) as notifier:
        notifier.tell(LOST)
