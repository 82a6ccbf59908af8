"""The API server answers each call badly at first: the end is the same."""

import asyncio
import time
from pathlib import Path

import pytest

from played.access import Access
from played.cluster import make_namespace
from played.faulty_server import Fault, faulty_server
from played.story import FAILOVER, ROLLOUTS, Chapter, State
from played.worlds import World, comes_to, undisturbed

PATIENCE_S = 2.0
"""So long the operator waits for an answer: it meets many that never come."""
FOR_LATE_S = 15.0
"""And so long where each comes late, and on a busy machine later still: as it usually does."""
LEAST_FAULTS = 10
"""In a whole story, at the very least: one that hardly met any has not tested much."""


async def _told(
    world: World, fault: Fault, chapters: tuple[Chapter, ...], ends: list[State], copy: Path
) -> int:
    """A story told by one operator that never dies; how many faults it met."""
    async with (
        world.story(1) as story,
        faulty_server(fault, world.kubeconfig, copy) as server,
    ):
        patience_s = FOR_LATE_S if fault is Fault.LATE else PATIENCE_S
        operator = world.operator(story, way=copy, patience_s=patience_s)
        try:
            for chapter, end in zip(chapters, ends, strict=True):
                async with asyncio.TaskGroup() as group:
                    group.create_task(chapter.happens(story))
                    reached = group.create_task(comes_to(story, end))
                assert operator.alive, f"{fault}, {chapter.name}: {world.log.read_text()[-4000:]}"
                assert not reached.result(), f"{fault}, {chapter.name}: {reached.result()}"
        finally:
            await operator.kill()
    return server.faults.total()


async def _all_told(
    worlds: dict[Fault, World], chapters: tuple[Chapter, ...], directory: Path
) -> dict[str, int]:
    """A story in each world; how many faults were met in it."""
    for world in worlds.values():
        await make_namespace(world.access, world.name)
    ends = await undisturbed(worlds[Fault.LATE], chapters)
    async with asyncio.TaskGroup() as group:
        tasks = {
            fault: group.create_task(_told(world, fault, chapters, ends, directory / world.name))
            for fault, world in worlds.items()
        }
    return {fault.value: task.result() for fault, task in tasks.items()}


# Half of all calls are waited for in vain: minutes even on a quiet machine.
@pytest.mark.timeout(1800)
async def test_a_fault_at_any_call_changes_nothing(
    kubeconfig: Path, access: Access, namespace: str, tmp_path: Path
) -> None:
    def worlds(letter: str, satellites: int) -> dict[Fault, World]:
        names = {fault: f"{namespace}-{letter}-{fault.lower()}" for fault in Fault}
        return {
            f: World(access, name, kubeconfig, satellites, tmp_path / f"{name}.log")
            for f, name in names.items()
        }

    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        stories = [
            group.create_task(_all_told(worlds("r", 2), ROLLOUTS, tmp_path)),
            group.create_task(_all_told(worlds("f", 3), FAILOVER, tmp_path)),
        ]
    rollouts, failover = (story.result() for story in stories)
    took_s = time.monotonic() - begun
    print(f"{rollouts} and {failover} faults in {took_s:.0f} s")  # noqa: T201 - figures
    assert min(*rollouts.values(), *failover.values()) >= LEAST_FAULTS
