"""Links that follow a contact plan: ``perigee-lab play``, and what it tells of them."""

import asyncio
import json
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import yaml

from perigee_demo.cluster import Json
from perigee_demo.story.journal import PromiseBrokenError
from perigee_lab.lab import Lab
from perigee_lab.play.player import EventKind


@dataclass(slots=True)
class Passes:
    """How links have changed so far."""

    seen: list[tuple[str, EventKind]] = field(default_factory=list)
    """Satellite and event, in order. The first of each satellite is how its link began."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, satellite: str, what: EventKind, number: int, *, within_s: float) -> None:
        """Waits until a satellite's link has changed so for the given time, counted from 1.

        Raises:
            PromiseBrokenError: it did not within the time.
        """
        try:
            async with asyncio.timeout(within_s), self.changed:
                await self.changed.wait_for(lambda: self.seen.count((satellite, what)) >= number)
        except TimeoutError as error:
            told = f"{what} {number} of {satellite}; seen: {self.seen}"
            raise PromiseBrokenError(f"not within {within_s:.0f} s: {told}") from error


@asynccontextmanager
async def playing(lab: Lab, satellites: Sequence[Json]) -> AsyncIterator[Passes]:
    """Plays contact plans while the block runs; then all links are restored.

    Args:
        lab: whose links they are.
        satellites: SatelliteNodes with contact plans.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as plan:
        plan.write(yaml.safe_dump_all(satellites))
        plan.flush()
        command = ["-m", "perigee_lab", f"--name={lab.name}", "play", plan.name, "--output=json"]
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
        passes = Passes()
        reading = asyncio.create_task(_read(process, passes))
        try:
            yield passes
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            await reading
            await process.wait()


async def _read(process: Process, passes: Passes) -> None:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    async for line in process.stdout:
        event = json.loads(line)
        async with passes.changed:
            passes.seen.append((event["satellite"], EventKind(event["event"])))
            passes.changed.notify_all()
