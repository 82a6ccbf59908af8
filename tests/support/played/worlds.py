"""Worlds on one API server, and the stories that take place in them."""

import asyncio
import difflib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from played.access import Access
from played.constellation import Constellation
from played.end_state import end_state, models_state
from played.operator_process import OperatorProcess, Setting
from played.story import Chapter, State, Story

WITHIN_S: Final = 240
QUIET_S: Final = 2.5
"""A state that has lasted so long is the end."""
STAYS_S: Final = 0.4


@dataclass(frozen=True)
class World:
    """Where stories take place, one after another."""

    access: Access
    name: str
    kubeconfig: Path
    satellites: int
    log: Path
    """Where its operators log to."""

    @asynccontextmanager
    async def story(self, number: int) -> AsyncIterator[Story]:
        """One in which nothing has happened yet."""
        world = f"{self.name}-{number}"
        satellites = [f"{world}-{i}" for i in range(self.satellites)]
        sky = Constellation(
            self.access, world, satellites, namespace=self.name, kubelet_leases=False
        )
        async with sky:
            yield Story(sky, f"m{number}")
            sky.serving.check()

    def operator(
        self,
        story: Story,
        fault: str = "",
        *,
        way: Path | None = None,
        patience_s: float = 15,
    ) -> OperatorProcess:
        """One that sees this world alone.

        Args:
            story: of the world.
            fault: the write at which it dies.
            way: another kubeconfig, by which it gets to the API server.
            patience_s: so long it waits for an answer that a test may keep from it.
        """
        setting = Setting(
            way or self.kubeconfig,
            self.log,
            fault=fault,
            # Satellites are lost one after the other here, all within the hour.
            loss_budget_percent=100,
            world=story.sky.world,
            namespace=self.name,
            hasty=True,
            patience_s=patience_s,
        )
        return OperatorProcess(setting)


async def undisturbed(world: World, chapters: tuple[Chapter, ...]) -> list[State]:
    """The state at the end of each chapter of a story in which no operator dies."""
    ends = []
    async with world.story(0) as story:
        operator = world.operator(story)
        try:
            for chapter in chapters:
                await chapter.happens(story)
                ends.append(await settled(story, chapter))
        finally:
            await operator.kill()
    return ends


async def settled(story: Story, chapter: Chapter) -> State:
    """Waits until a chapter is over, and gives the state then."""
    last: State = {}
    since = time.monotonic()
    async with asyncio.timeout(WITHIN_S):
        while time.monotonic() - since < QUIET_S or not chapter.is_over(last):
            state = await end_state(story.sky)
            if state != last:
                last, since = state, time.monotonic()
            await asyncio.sleep(0.2)
    return last


async def comes_to(story: Story, end: State) -> str:
    """Waits until the state is the one that it should be, and stays so; else the difference."""
    since: float | None = None
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        is_end = await models_state(story.sky) == end["models"]
        if not is_end or await end_state(story.sky) != end:
            since = None
        elif since is None:
            since = time.monotonic()
        elif time.monotonic() - since > STAYS_S:
            return ""
        await asyncio.sleep(0.25)
    state = await end_state(story.sky)
    wanted, found = (json.dumps(each, indent=1).splitlines() for each in (end, state))
    return "\n".join(difflib.unified_diff(wanted, found, "should be", "is", lineterm="", n=8))
