import asyncio

import pytest

from perigee_demo.story.journal import PromiseBrokenError
from perigee_demo.story.passes import Passes
from perigee_lab.play.player import EventKind


async def tell(passes: Passes, *events: tuple[str, EventKind]) -> None:
    for event in events:
        async with passes.changed:
            passes.seen.append(event)
            passes.changed.notify_all()


async def test_the_second_rise_of_one_satellite_is_waited_for() -> None:
    passes = Passes()
    await tell(passes, ("sat-1", EventKind.AOS), ("sat-2", EventKind.AOS))
    waiting = asyncio.create_task(passes.until("sat-2", EventKind.AOS, 2, within_s=5))
    await tell(passes, ("sat-2", EventKind.LOS), ("sat-1", EventKind.AOS))
    assert not waiting.done()
    await tell(passes, ("sat-2", EventKind.AOS))
    await waiting


async def test_a_link_that_does_not_change_is_a_broken_promise() -> None:
    passes = Passes([("sat-2", EventKind.AOS)])
    with pytest.raises(PromiseBrokenError, match="LOS 1 of sat-2; seen"):
        await passes.until("sat-2", EventKind.LOS, 1, within_s=0.01)
