import json
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from perigee_demo import cluster as module
from perigee_demo.cluster import Cluster

PATH = "/api/v1/namespaces/default/pods"

Names = list[str]


def item(name: str, version: int = 1) -> dict[str, Any]:
    return {"metadata": {"namespace": "default", "name": name, "resourceVersion": str(version)}}


def listing(*names: str) -> httpx.Response:
    return httpx.Response(
        200, json={"metadata": {"resourceVersion": "7"}, "items": [item(name) for name in names]}
    )


def events(*changes: tuple[str, str]) -> httpx.Response:
    lines = (json.dumps({"type": kind, "object": item(name)}) for kind, name in changes)
    return httpx.Response(200, text="".join(line + "\n" for line in lines))


async def followed(*script: httpx.Response | Exception, until: int) -> list[Names]:
    """The names seen, each time; the API server answers as the script says, in turn."""
    remaining = list(script)
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        step = remaining.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    seen: list[Names] = []
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://api") as http,
        aclosing(Cluster(http).follow(PATH, labels="a=b")) as objects,
    ):
        async for found in objects:
            seen.append([each["metadata"]["name"] for each in found])
            if len(seen) == until:
                break
    assert all(url.params["labelSelector"] == "a=b" for url in asked)
    return seen


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECONNECT_S", 0.0)


async def test_a_listing_and_then_every_change() -> None:
    changes = events(("ADDED", "b"), ("BOOKMARK", ""), ("MODIFIED", "a"), ("DELETED", "a"))
    assert await followed(listing("a"), changes, until=4) == [["a"], ["a", "b"], ["a", "b"], ["b"]]


async def test_what_vanished_while_nobody_watched_is_gone() -> None:
    script = (listing("a", "b"), events(), listing("b"))
    assert await followed(*script, until=2) == [["a", "b"], ["b"]]


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("silent"),
        httpx.Response(503),
        httpx.Response(429),
        httpx.Response(410),
    ],
    ids=["refused", "silent", "503", "429", "410"],
)
async def test_trouble_that_may_pass_is_waited_out(trouble: httpx.Response | Exception) -> None:
    script = (listing("a"), trouble, listing("a", "b"))
    assert await followed(*script, until=2) == [["a"], ["a", "b"]]


async def test_a_version_too_old_is_listed_again() -> None:
    expired = httpx.Response(200, text=json.dumps({"type": "ERROR", "object": {"code": 410}}))
    assert await followed(listing("a"), expired, listing("b"), until=2) == [["a"], ["b"]]


async def test_a_refusal_is_not_waited_out() -> None:
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        await followed(httpx.Response(403), until=1)


@pytest.mark.parametrize(
    ("response", "expected"),
    [(httpx.Response(200, json=item("a")), item("a")), (httpx.Response(404), None)],
)
async def test_one_object(response: httpx.Response, expected: dict[str, Any] | None) -> None:
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: response), base_url="http://api"
    ) as http:
        assert await Cluster(http).get(f"{PATH}/a") == expected
