"""The operator dies at each of its writes, and is started again: the end is the same."""

import asyncio
import itertools
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from played.access import Access
from played.cluster import make_namespace
from played.story import FAILOVER, ROLLOUTS, Chapter, State, Story
from played.worlds import World, comes_to, undisturbed

WORLDS = 5
"""Run side by side: most of the time each waits for something."""
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
            reached = group.create_task(comes_to(story, end))
            for fault in lives[1:]:
                died = group.create_task(operator.ended())
                await asyncio.wait({reached, died}, return_when=asyncio.FIRST_COMPLETED)
                if not died.done():
                    died.cancel()
                    break
                told = world.log.read_text()[-4000:]
                assert died.result() == -signal.SIGKILL, f"{chapter.name}, {number}: {told}"
                faults.deaths[chapter.name] += 1
                operator = world.operator(story, fault)
            difference = await reached
        assert not difference, f"{chapter.name}, {number}: {difference}"
        if operator.setting.fault == lives[0]:
            faults.survived(chapter)
    finally:
        await operator.kill()


# Some hundred deaths: minutes even on a quiet machine.
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(("chapters", "satellites"), [(ROLLOUTS, 2), (FAILOVER, 3)])
async def test_death_at_any_write_changes_nothing(  # noqa: PLR0913, PLR0917 - fixtures
    kubeconfig: Path,
    access: Access,
    namespace: str,
    tmp_path: Path,
    chapters: tuple[Chapter, ...],
    satellites: int,
) -> None:
    names = [f"{namespace}-{i}" for i in range(WORLDS)]
    for name in names:
        await make_namespace(access, name)
    worlds = [
        World(access, name, kubeconfig, satellites, tmp_path / f"{name}.log") for name in names
    ]
    ends = await undisturbed(worlds[0], chapters)
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
