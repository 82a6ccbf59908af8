from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from perigee_demo.story import run
from perigee_demo.story.acts import darkness
from perigee_demo.story.journal import Journal, PromiseBrokenError
from perigee_demo.story.stage import Stage, act
from perigee_demo.story.traffic_process import TrafficProcess

GOOD = {"failed": 0, "wrong": 0, "heldBack": 0, "failures": []}
ACTS = (
    "model_serves",
    "spare_joins",
    "scene_masked",
    "lost_satellites_work_moves",
    "good_revision_is_promoted",
    "damaged_revision_is_caught",
)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A story in which all acts go well."""
    for name in ACTS:
        monkeypatch.setattr(run, name, AsyncMock())
    monkeypatch.setattr(darkness, "dark_satellite_keeps_its_work", AsyncMock())
    return Stage(Mock(), Mock(), "http://depot", Journal(), lambda: datetime.now(UTC))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A client with these counts in the end, that breaks a promise when it is to end."""

    def given(counts: dict[str, Any], broken: str = "") -> None:
        @asynccontextmanager
        async def start(*_: object, **__: object) -> AsyncIterator[TrafficProcess]:
            traffic = TrafficProcess()
            yield traffic
            traffic.counts = counts
            if broken:
                raise PromiseBrokenError(broken)

        monkeypatch.setattr(TrafficProcess, "start", start)

    return given


async def _story(stage: Stage) -> dict[str, Any]:
    return await run._acts(stage, Mock(), Path("picture.png"))


async def test_a_story_in_which_all_goes_well(stage: Stage, client: Callable[..., None]) -> None:
    client(GOOD)
    assert await _story(stage) == GOOD
    assert stage.journal.kept


async def test_a_client_that_ends_by_itself_is_a_promise_broken(
    stage: Stage, client: Callable[..., None]
) -> None:
    client(GOOD, broken="the client ended by itself (1)")
    await _story(stage)
    (entry,) = stage.journal.entries
    assert (entry.what, entry.kept) == ("the client ended by itself (1)", False)


async def test_a_request_that_fails_after_the_last_act_is_a_promise_broken(
    stage: Stage, client: Callable[..., None]
) -> None:
    client(GOOD | {"failed": 1})
    await _story(stage)
    assert not stage.journal.kept


async def test_what_an_act_has_written_down_is_not_written_again(
    stage: Stage, client: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client(GOOD)

    async def breaks(stage: Stage, *_: object) -> None:
        async with act(stage, "an act", None):
            raise PromiseBrokenError("it did not happen")

    monkeypatch.setattr(run, "lost_satellites_work_moves", breaks)
    await _story(stage)
    assert [entry.what for entry in stage.journal.entries] == ["it did not happen"]
