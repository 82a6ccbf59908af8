"""How a writer bears an API server that throttles, refuses or keeps silent."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from perigee_operator.domain import kinds
from perigee_operator.domain.writes import (
    Announce,
    Apply,
    Delete,
    EventType,
    ObjectKey,
    RemoveLabels,
    SetTaints,
    Taint,
    Track,
)
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.outcomes import Result
from perigee_operator.storage.throttling import MAX_ATTEMPTS
from perigee_operator.storage.writer import MAX_CONFLICTS, Writer

OK = {"metadata": {"name": "a", "namespace": "d", "uid": "u", "resourceVersion": "5"}}
APPLY = Apply(ObjectKey(kinds.SERVICE, "a", "d"), {"spec": {}})
NODE = ObjectKey(kinds.NODE, "sat-1")
SATELLITE = ObjectKey(kinds.SATELLITE_NODE, "sat-1")
ANNOUNCE = Announce(
    SATELLITE, "u", EventType.NORMAL, "Seen", "See", "seen", datetime(2026, 3, 1, tzinfo=UTC)
)


@dataclass
class Desk:
    """A writer with all that it depends on."""

    api: KubernetesApi
    fleet: FleetCache
    pauses: list[float] = field(default_factory=list)
    counted: list[tuple[str, str, Result]] = field(default_factory=list)
    told: list[Announce] = field(default_factory=list)

    def writer(self, mode: Mode = Mode.ACT, concurrency: int = 16) -> Writer:
        return Writer(
            self.api,
            self.fleet,
            mode=mode,
            instance="ground-1",
            count=lambda *what: self.counted.append(what),
            tell=self.told.append,
            concurrency=concurrency,
            sleep=self.pause,
        )

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def desk(api: KubernetesApi) -> Desk:
    fleet = FleetCache(
        api,
        instance="ground-1",
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        random=random.random,
    )
    return Desk(api, fleet)


async def test_throttling_is_waited_out(desk: Desk, server: Any) -> None:
    server.refuse(429, "TooManyRequests", {"Retry-After": "2"})
    server.refuse(503, "ServiceUnavailable", {"Retry-After": "3"})
    server.say(200, OK)
    [outcome] = await desk.writer().perform([Track("t", (APPLY,))])
    assert outcome.failure is None
    assert desk.pauses == [2.0, 3.0]
    assert desk.counted == [("Apply", "Service", Result.DONE)]
    assert desk.fleet.get(APPLY.key) == OK


async def test_throttling_without_end_is_a_failure(desk: Desk, server: Any) -> None:
    server.refuse(429, "TooManyRequests")
    [outcome] = await desk.writer().perform([Track("t", (APPLY, APPLY))])
    assert outcome.failure is not None
    assert outcome.failure.status == 429
    assert len(server.requests) == MAX_ATTEMPTS
    assert len(desk.pauses) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize(("status", "reason"), [(500, "InternalError"), (422, "Invalid")])
async def test_nothing_else_is_sent_twice(
    desk: Desk, server: Any, status: int, reason: str
) -> None:
    server.refuse(status, reason)
    [outcome] = await desk.writer().perform([Track("t", (APPLY, APPLY))])
    assert outcome.failure is not None
    assert (outcome.done, outcome.failure.write, outcome.failure.status) == (0, APPLY, status)
    assert len(server.requests) == 1
    assert desk.counted == [("Apply", "Service", Result.REFUSED)]


async def test_no_answer_ends_the_track(desk: Desk, server: Any) -> None:
    server.stream(cut=True)
    [outcome] = await desk.writer().perform([Track("t", (APPLY, APPLY))])
    assert outcome.failure is not None
    assert outcome.failure.status is None
    assert len(server.requests) == 1
    assert desk.counted == [("Apply", "Service", Result.UNREACHABLE)]


async def test_a_failure_ends_its_own_track_only(desk: Desk, server: Any) -> None:
    async def answer(request: web.Request) -> web.Response:
        bad = request.path.endswith("/bad")
        return web.json_response(OK, status=500 if bad else 200)

    server.answers.append(answer)
    bad = Apply(ObjectKey(kinds.SERVICE, "bad", "d"), {})
    outcomes = await desk.writer().perform(
        [Track("one", (APPLY, bad, APPLY)), Track("two", (APPLY, APPLY))]
    )
    assert [(o.track, o.done, o.failure is None) for o in outcomes] == [
        ("one", 1, False),
        ("two", 2, True),
    ]


async def test_so_many_tracks_at_once_and_no_more(desk: Desk, server: Any) -> None:
    under_way, most = 0, 0
    full = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            full.set()
        await full.wait()
        under_way -= 1
        return web.json_response(OK)

    server.answers.append(answer)
    tracks = [Track(str(number), (APPLY,)) for number in range(9)]
    await desk.writer(concurrency=3).perform(tracks)
    assert most == 3


async def test_an_observer_writes_status_and_events_only(desk: Desk, server: Any) -> None:
    server.say(200, OK)
    status = Apply(SATELLITE, {"status": {}}, subresource="status")
    skipped = (
        Apply(SATELLITE, {"spec": {}}),
        Apply(NODE, {"status": {}}, subresource="status"),
        SetTaints(NODE, "u", frozenset({"k"}), frozenset()),
        RemoveLabels(NODE, "u", frozenset({"l"})),
        Delete(SATELLITE, "u"),
    )
    writer = desk.writer(Mode.OBSERVE)
    [outcome] = await writer.perform([Track("t", (*skipped, status, ANNOUNCE))])
    assert outcome.skipped == skipped
    assert (outcome.done, outcome.failure) == (2, None)
    assert [(method, path.partition("?")[0]) for method, path, _ in server.requests] == [
        ("PATCH", "/apis/perigee.space/v1alpha1/satellitenodes/sat-1/status"),
        ("POST", "/apis/events.k8s.io/v1/namespaces/default/events"),
    ]
    assert [result for *_, result in desk.counted] == [Result.SKIPPED] * 5 + [Result.DONE] * 2
    assert desk.told == [ANNOUNCE]


async def test_an_observer_does_not_tell_of_what_it_has_not_written(
    desk: Desk, server: Any
) -> None:
    """Else it would be told again at each sweep."""
    label = Apply(NODE, {"metadata": {"labels": {"l": "v"}}})
    [outcome] = await desk.writer(Mode.OBSERVE).perform([Track("t", (label, ANNOUNCE))])
    assert outcome.skipped == (label, ANNOUNCE)
    assert (server.requests, desk.told) == ([], [])


@pytest.mark.parametrize(("status", "reason"), [(201, ""), (403, "Forbidden"), (429, "Busy")])
async def test_what_is_announced_is_told_once_whatever_becomes_of_the_event(
    desk: Desk, server: Any, status: int, reason: str
) -> None:
    server.say(status, OK if status == 201 else {"kind": "Status", "reason": reason})
    await desk.writer().perform([Track("t", (ANNOUNCE,))])
    assert desk.told == [ANNOUNCE]


async def test_what_follows_from_a_verdict_that_is_not_written_is_not_told(
    desk: Desk, server: Any
) -> None:
    server.refuse(422, "Invalid")
    await desk.writer().perform([Track("t", (APPLY, ANNOUNCE))])
    assert desk.told == []


async def test_a_node_that_keeps_changing_ends_the_track(desk: Desk, server: Any) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.method == "PATCH":
            return web.json_response({"kind": "Status", "reason": "Conflict"}, status=409)
        version = str(len(server.requests))
        metadata = {"name": "sat-1", "uid": "u", "resourceVersion": version}
        return web.json_response({"metadata": metadata})

    server.answers.append(answer)
    taints = SetTaints(NODE, "u", frozenset({"k"}), frozenset({Taint("k", "NoSchedule")}))
    [outcome] = await desk.writer().perform([Track("t", (taints,))])
    assert outcome.failure is not None
    assert outcome.failure.status == 409
    patches = [body for method, _, body in server.requests if method == "PATCH"]
    assert len(patches) == MAX_CONFLICTS
    versions = [int(patch["metadata"]["resourceVersion"]) for patch in patches]
    assert versions == sorted(set(versions)), "each after reading anew"


OWNED = Apply(ObjectKey(kinds.SERVICE, "a", "d"), {"spec": {}}, owner_uid="model")
OURS = {"metadata": {**OK["metadata"], "ownerReferences": [{"uid": "model"}]}}


async def test_a_name_that_nobody_has_is_taken_without_force(desk: Desk, server: Any) -> None:
    server.refuse(404, "NotFound")
    server.say(200, OURS)
    [outcome] = await desk.writer().perform([Track("t", (OWNED,))])
    assert outcome.failure is None
    (_, (method, path, body)) = server.requests
    assert (method, "force=false" in path) == ("PATCH", True)
    assert "uid" not in body["metadata"]


async def test_what_is_the_model_s_is_applied_as_that_very_object(desk: Desk, server: Any) -> None:
    server.say(200, OURS)
    [outcome] = await desk.writer().perform([Track("t", (OWNED,))])
    assert outcome.failure is None
    (_, (_, path, body)) = server.requests
    assert "force=true" in path
    assert body["metadata"]["uid"] == "u"


async def test_a_stranger_s_object_is_not_taken_over(desk: Desk, server: Any) -> None:
    server.say(200, OK)
    [outcome] = await desk.writer().perform([Track("t", (OWNED, APPLY))])
    assert outcome.failure is not None
    assert outcome.failure.name_taken
    assert outcome.failure.error.startswith("Service d/a exists and is not the model's")
    assert [method for method, *_ in server.requests] == ["GET"]
    assert desk.fleet.get(OWNED.key) is None
    assert desk.counted == [("Apply", "Service", Result.REFUSED)]


async def test_a_verdict_on_what_has_changed_is_not_written(desk: Desk, server: Any) -> None:
    seen = {"metadata": {"name": "sat-1", "uid": "u", "resourceVersion": "1"}}
    newer = {"metadata": {"name": "sat-1", "uid": "u", "resourceVersion": "2"}}
    desk.fleet.observe(kinds.SATELLITE_NODE, "ADDED", seen)
    server.refuse(409, "Conflict")
    server.say(200, newer)
    metadata = {"uid": "u", "resourceVersion": "1"}
    verdict = Apply(SATELLITE, {"metadata": metadata, "status": {}}, subresource="status")
    [outcome] = await desk.writer().perform([Track("t", (verdict, ANNOUNCE))])
    assert outcome.failure is not None
    assert outcome.failure.status == 409
    assert [method for method, *_ in server.requests] == ["PATCH", "GET"]
    assert server.requests[0][2]["metadata"]["resourceVersion"] == "1"
    known = desk.fleet.get(SATELLITE)
    assert known is not None
    assert known["metadata"]["resourceVersion"] == "2"
