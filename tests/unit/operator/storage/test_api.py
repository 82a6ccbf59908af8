"""JSON over HTTP, and what comes instead of an answer."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.api import PAGE_SIZE, KubernetesApi
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.scope import Scope, WatchEvent

NODE = ObjectKey(kinds.NODE, "sat-1")
POD = ObjectKey(kinds.POD, "p", "d")
OK: dict[str, Any] = {"metadata": {"name": "sat-1"}}


async def test_requests(api: KubernetesApi, server: Any) -> None:
    server.say(200, OK)
    await api.get(NODE)
    await api.create(POD, {"spec": {"a": 1}})
    await api.apply(POD, {"metadata": {"uid": "u", "labels": {"l": "v"}}}, subresource="status")
    await api.merge_patch(NODE, {"spec": {"taints": []}})
    await api.delete(POD, uid="u")
    identity = {"apiVersion": "v1", "kind": "Pod"}
    assert server.requests == [
        ("GET", "/api/v1/nodes/sat-1", None),
        (
            "POST",
            "/api/v1/namespaces/d/pods?fieldManager=perigee",
            {**identity, "spec": {"a": 1}, "metadata": {"name": "p", "namespace": "d"}},
        ),
        (
            "PATCH",
            "/api/v1/namespaces/d/pods/p/status?fieldManager=perigee&force=true",
            {
                **identity,
                "metadata": {
                    "uid": "u",
                    "labels": {"l": "v"},
                    "name": "p",
                    "namespace": "d",
                },
            },
        ),
        ("PATCH", "/api/v1/nodes/sat-1?fieldManager=perigee", {"spec": {"taints": []}}),
        (
            "DELETE",
            "/api/v1/namespaces/d/pods/p",
            {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"uid": "u"},
                "propagationPolicy": "Background",
            },
        ),
    ]


async def test_headers(api: KubernetesApi, server: Any) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        headers = request.headers
        seen.append((headers.get("Authorization"), headers.get("Content-Type")))
        return web.json_response(OK)

    server.answers.append(answer)
    await api.apply(NODE, {})
    await api.merge_patch(NODE, {})
    assert seen == [
        ("Bearer secret", "application/apply-patch+yaml"),
        ("Bearer secret", "application/merge-patch+json"),
    ]


async def test_a_list_is_read_to_its_last_page(api: KubernetesApi, server: Any) -> None:
    server.say(200, {"metadata": {"continue": "x y", "resourceVersion": "7"}, "items": [OK]})
    server.say(200, {"metadata": {"resourceVersion": "8"}, "items": [OK, OK]})
    listing = await api.list(Scope(kinds.POD, "d", "a=b"))
    assert listing.resource_version == "8"
    assert listing.items == ({"apiVersion": "v1", "kind": "Pod", **OK},) * 3
    path = f"/api/v1/namespaces/d/pods?labelSelector=a%3Db&limit={PAGE_SIZE}"
    assert [request[1] for request in server.requests] == [path, f"{path}&continue=x+y"]


async def test_a_list_whose_pages_expire_is_read_in_one_piece(
    api: KubernetesApi, server: Any
) -> None:
    server.say(200, {"metadata": {"continue": "x", "resourceVersion": "7"}, "items": [OK]})
    server.refuse(410, "Expired")
    server.say(200, {"metadata": {"resourceVersion": "9"}, "items": None})
    listing = await api.list(Scope(kinds.NODE))
    assert (listing.items, listing.resource_version) == ((), "9")
    assert server.requests[-1][1] == "/api/v1/nodes"


async def test_a_refusal_says_what_the_server_said(api: KubernetesApi, server: Any) -> None:
    status = {"kind": "Status", "reason": "TooManyRequests", "message": "wait"}
    server.say(429, {**status, "details": {"retryAfterSeconds": 3}})
    with pytest.raises(ApiError, match="429 TooManyRequests: wait") as refusal:
        await api.get(NODE)
    assert (refusal.value.status, refusal.value.retry_after_s) == (429, 3.0)


@pytest.mark.parametrize("body", ["no server behind this proxy", ["kind"], None])
async def test_a_refusal_by_somebody_else(api: KubernetesApi, server: Any, body: Any) -> None:
    server.say(503, body, {"Retry-After": "7"})
    with pytest.raises(ApiError) as refusal:
        await api.get(NODE)
    assert (refusal.value.status, refusal.value.retry_after_s) == (503, 7.0)
    assert json.loads(refusal.value.message) == body


async def test_no_answer(api: KubernetesApi, server: Any) -> None:
    server.stream(b'{"half":', cut=True)
    with pytest.raises(ApiUnreachableError, match="GET /api/v1/nodes/sat-1"):
        await api.get(NODE)


async def test_an_answer_that_is_none(api: KubernetesApi, server: Any) -> None:
    server.stream(b"<html>welcome</html>")
    with pytest.raises(ApiUnreachableError, match="not an answer of an API server"):
        await api.get(NODE)


async def test_an_answer_that_takes_too_long(hasty_api: KubernetesApi, server: Any) -> None:
    given_up = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await given_up.wait()
        return web.json_response(OK)

    server.answers.append(answer)
    with pytest.raises(ApiUnreachableError, match="GET"):
        await hasty_api.get(NODE)
    given_up.set()


async def test_a_watch_that_nobody_takes(hasty_api: KubernetesApi, server: Any) -> None:
    given_up = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await given_up.wait()
        return web.json_response(OK)

    server.answers.append(answer)
    events, error = await watched(hasty_api)
    given_up.set()
    assert events == []
    assert isinstance(error, ApiUnreachableError)


def line(kind: str, version: int) -> bytes:
    item = {"metadata": {"name": "a", "resourceVersion": str(version)}}
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


async def watched(api: KubernetesApi) -> tuple[list[WatchEvent], Exception | None]:
    events: list[WatchEvent] = []
    try:
        async with api.watch(Scope(kinds.NODE), resource_version="5", timeout_s=60) as stream:
            async for event in stream:
                events.append(event)  # noqa: PERF401 - those before a failure count
    except (ApiError, ApiUnreachableError) as error:
        return events, error
    return events, None


async def test_a_watch_in_pieces(api: KubernetesApi, server: Any) -> None:
    text = line("ADDED", 6) + line("BOOKMARK", 7) + line("DELETED", 8)
    server.stream(text[:30], text[30:90], text[90:])
    events, error = await watched(api)
    assert error is None
    assert [(event.type, event.object["metadata"]["resourceVersion"]) for event in events] == [
        ("ADDED", "6"),
        ("BOOKMARK", "7"),
        ("DELETED", "8"),
    ]
    assert server.requests[0][1] == (
        "/api/v1/nodes?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=60"
    )


async def test_a_watch_that_is_too_old(api: KubernetesApi, server: Any) -> None:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    error_line = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
    server.stream(line("ADDED", 6), error_line)
    events, error = await watched(api)
    assert len(events) == 1
    assert isinstance(error, ApiError)
    assert error.status == 410


@pytest.mark.parametrize("cut", [True, False])
async def test_a_watch_that_breaks_off(api: KubernetesApi, server: Any, cut: bool) -> None:  # noqa: FBT001
    server.stream(line("ADDED", 6), line("ADDED", 7)[:20], cut=cut)
    events, error = await watched(api)
    assert len(events) == 1
    assert isinstance(error, ApiUnreachableError)


async def test_it_is_used_within_its_block() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await KubernetesApi().get(NODE)
