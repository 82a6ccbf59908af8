"""The operator dies at each of its writes, and is started again: the end is the same."""

import asyncio
import difflib
import itertools
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from played.access import Access
from played.cluster import make_namespace
from played.constellation import Constellation
from played.end_state import end_state, models_state
from played.operator_process import OperatorProcess, Setting
from played.story import FAILOVER, ROLLOUTS, Chapter, State, Story

WORLDS = 5
"""Run side by side: most of the time each waits for something."""
WITHIN_S = 240
QUIET_S = 2.5
"""A state that has lasted so long is the end."""
STAYS_S = 0.4
LEAST_DEATHS = 8
"""No chapter takes fewer writes: one in which hardly anybody died has not tested much."""


@dataclass
class Faults:
    """At which write the operator dies in a chapter: each in turn, until there are no more."""

    chapters: tuple[Chapter, ...]
    deaths: Counter[str] = field(default_factory=Counter)
    """How many operators have died in each chapter."""

    def __post_init__(self) -> None:
        self._numbers = {chapter.name: itertools.count(1) for chapter in self.chapters}
        self._ended = {chapter.name for chapter in self.chapters if not chapter.is_struck}

    @property
    def exhausted(self) -> bool:
        return len(self._ended) == len(self.chapters)

    def claim(self, chapter: Chapter) -> int | None:
        """The next write of a chapter to die at; None, if there are no more."""
        return None if chapter.name in self._ended else next(self._numbers[chapter.name])

    def survived(self, chapter: Chapter) -> None:
        """An operator had fewer writes to do than that."""
        self._ended.add(chapter.name)


@dataclass(frozen=True)
class World:
    """Where stories take place, one after another."""

    access: Access
    name: str
    kubeconfig: Path
    satellites: int

    @asynccontextmanager
    async def story(self, number: int) -> AsyncIterator[Story]:
        world = f"{self.name}-{number}"
        satellites = [f"{world}-{i}" for i in range(self.satellites)]
        sky = Constellation(
            self.access, world, satellites, namespace=self.name, kubelet_leases=False
        )
        async with sky:
            yield Story(sky, f"m{number}")
            sky.serving.check()

    def operator(self, story: Story, fault: str = "") -> OperatorProcess:
        setting = Setting(
            self.kubeconfig,
            Path(os.devnull),
            fault=fault,
            # Satellites are lost one after the other here, all within the hour.
            loss_budget_percent=100,
            world=story.sky.world,
            namespace=self.name,
            hasty=True,
        )
        return OperatorProcess(setting)


async def _undisturbed(world: World, chapters: tuple[Chapter, ...]) -> list[State]:
    """The state at the end of each chapter of a story in which no operator dies."""
    ends = []
    async with world.story(0) as story:
        operator = world.operator(story)
        try:
            for chapter in chapters:
                await chapter.happens(story)
                ends.append(await _settled(story, chapter))
        finally:
            await operator.kill()
    return ends


async def _settled(story: Story, chapter: Chapter) -> State:
    last: State = {}
    since = time.monotonic()
    async with asyncio.timeout(WITHIN_S):
        while time.monotonic() - since < QUIET_S or not chapter.is_over(last):
            state = await end_state(story.sky)
            if state != last:
                last, since = state, time.monotonic()
            await asyncio.sleep(0.2)
    return last


async def _disturbed(
    world: World, number: int, faults: Faults, chapters: tuple[Chapter, ...], ends: list[State]
) -> None:
    """A story in each chapter of which an operator dies at a write."""
    async with world.story(number) as story:
        for chapter, end in zip(chapters, ends, strict=True):
            await _chapter(world, story, chapter, end, faults)


async def _chapter(
    world: World, story: Story, chapter: Chapter, end: State, faults: Faults
) -> None:
    """The operator dies before its nth write, the next one after it; a third lives."""
    number = faults.claim(chapter)
    lives = [f"before:{number}", "after:1", ""] if number else [""]
    operator = world.operator(story, lives[0])
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(chapter.happens(story))
            reached = group.create_task(_reached(story, end))
            for fault in lives[1:]:
                died = group.create_task(operator.ended())
                await asyncio.wait({reached, died}, return_when=asyncio.FIRST_COMPLETED)
                if not died.done():
                    died.cancel()
                    break
                assert died.result() == -signal.SIGKILL, f"{chapter.name}, {number}"
                faults.deaths[chapter.name] += 1
                operator = world.operator(story, fault)
            difference = await reached
        assert not difference, f"{chapter.name}, {number}: {difference}"
        if operator.setting.fault == lives[0]:
            faults.survived(chapter)
    finally:
        await operator.kill()


async def _reached(story: Story, end: State) -> str:
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


# Some hundred deaths: minutes even on a quiet machine.
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(("chapters", "satellites"), [(ROLLOUTS, 2), (FAILOVER, 3)])
async def test_death_at_any_write_changes_nothing(
    kubeconfig: Path,
    access: Access,
    namespace: str,
    chapters: tuple[Chapter, ...],
    satellites: int,
) -> None:
    names = [f"{namespace}-{i}" for i in range(WORLDS)]
    for name in names:
        await make_namespace(access, name)
    worlds = [World(access, name, kubeconfig, satellites) for name in names]
    ends = await _undisturbed(worlds[0], chapters)
    faults = Faults(chapters)
    numbers = itertools.count(1)

    async def tell(world: World) -> None:
        while not faults.exhausted:
            await _disturbed(world, next(numbers), faults, chapters, ends)

    begun = time.monotonic()
    try:
        async with asyncio.TaskGroup() as group:
            for world in worlds:
                group.create_task(tell(world))
    finally:
        print(f"{dict(faults.deaths)} deaths in {time.monotonic() - begun:.0f} s")  # noqa: T201 - figures
    for chapter in chapters:
        assert not chapter.is_struck or faults.deaths[chapter.name] >= LEAST_DEATHS, chapter.name
