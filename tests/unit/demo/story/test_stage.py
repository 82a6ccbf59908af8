from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from perigee_demo.story.journal import Entry, Journal, PromiseBrokenError
from perigee_demo.story.stage import Stage, act
from perigee_demo.story.traffic_process import TrafficProcess

GOOD = {"failed": 0, "wrong": 0, "heldBack": 0, "failures": []}


@pytest.fixture
def stage() -> Stage:
    return Stage(Mock(), Mock(), "http://depot", Journal(), lambda: datetime.now(UTC))


def traffic(counts: dict[str, Any]) -> TrafficProcess:
    process = TrafficProcess()
    process.counts = counts
    return process


async def test_what_was_seen_is_timed_from_what_was_done(stage: Stage) -> None:
    async with act(stage, "an act", traffic(GOOD)) as clock:
        clock.start("something done")
        clock.saw("something seen")
    done, seen = stage.journal.entries
    assert done == Entry("an act", "something done")
    assert seen.after_s is not None
    assert 0 <= seen.after_s < 1
    assert stage.journal.kept


@pytest.mark.parametrize("count", ["failed", "wrong", "heldBack"])
async def test_requests_are_promises(count: str, stage: Stage) -> None:
    with pytest.raises(PromiseBrokenError, match=r"^3 "):
        async with act(stage, "an act", traffic(GOOD | {count: 3})):
            pass
    assert not stage.journal.kept
    assert stage.journal.entries[-1].act == "an act"


async def test_a_broken_promise_is_written_down_and_ends_the_act(stage: Stage) -> None:
    with pytest.raises(PromiseBrokenError):
        async with act(stage, "an act", None):
            raise PromiseBrokenError("it did not happen")
    assert stage.journal.entries == [Entry("an act", "it did not happen", kept=False)]


def test_a_listener_hears_every_entry() -> None:
    heard: list[Entry] = []
    journal = Journal(heard.append)
    journal.write(Entry("a", "b"))
    assert heard == journal.entries == [Entry("a", "b")]
