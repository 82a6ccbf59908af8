"""The steady client, run inside the ground's network and followed from here."""

import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

import yaml

from perigee_demo.story.journal import PromiseBrokenError
from perigee_lab.lab import Lab
from perigee_lab.state import GROUND

LINE_LIMIT_BYTES: Final = 1 << 20
ENDS_WITHIN_S: Final = 60.0

Counts = dict[str, Any]
"""See `perigee_demo.traffic.counters.Counters.snapshot`."""


def ground_kubeconfig(lab: Lab) -> str:
    """The lab's kubeconfig for use inside the ground's network, where its port is not to be had."""
    configuration = yaml.safe_load(lab.kubeconfig.read_text())
    for each in configuration["clusters"]:
        each["cluster"]["server"] = lab.api_url
    return yaml.safe_dump(configuration)


async def on_ground(lab: Lab, *arguments: str) -> str:
    """Runs ``perigee-demo`` inside the ground's network and gives what it printed.

    Raises:
        PromiseBrokenError: it failed; with what it said.
    """
    async with _started(lab, *arguments) as process:
        printed, _ = await process.communicate()
        if process.returncode != 0:
            raise PromiseBrokenError(
                f"`perigee-demo {' '.join(arguments)}` ended with {process.returncode}"
            )
        return printed.decode()


class TrafficProcess:
    """Counts of a client that is running."""

    def __init__(self) -> None:
        self.counts: Counts = {}
        self._changed = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def start(cls, lab: Lab, golden: Path, *, rate_hz: float) -> AsyncIterator[Self]:
        """Sends while the block runs; afterwards all that was sent has been counted.

        Raises:
            PromiseBrokenError: the client ended by itself or would not end.
        """
        traffic = cls()
        arguments = ("traffic", f"--golden={golden}", f"--rate={rate_hz}")
        async with _started(lab, *arguments) as process:
            reading = asyncio.create_task(traffic._read(process))
            try:
                yield traffic
            finally:
                if process.returncode is None:
                    process.terminate()
                try:
                    async with asyncio.timeout(ENDS_WITHIN_S):
                        await reading
                        await process.wait()
                except TimeoutError as error:
                    raise PromiseBrokenError("the client does not end") from error
            if not traffic.counts.get("final"):
                raise PromiseBrokenError(f"the client ended by itself ({process.returncode})")

    async def until(self, holds: Callable[[Counts], bool], *, within_s: float, what: str) -> Counts:
        """Waits until a condition holds of the counts.

        Raises:
            PromiseBrokenError: it did not within the time.
        """
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: bool(self.counts) and holds(self.counts))
                return self.counts
        except TimeoutError as error:
            raise PromiseBrokenError(f"not within {within_s:.0f} s: {what}") from error

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        async for line in process.stdout:
            async with self._changed:
                self.counts = json.loads(line)
                self._changed.notify_all()


@asynccontextmanager
async def _started(lab: Lab, *arguments: str) -> AsyncIterator[Process]:
    with tempfile.NamedTemporaryFile("w", suffix=".kubeconfig") as kubeconfig:
        kubeconfig.write(ground_kubeconfig(lab))
        kubeconfig.flush()
        command = lab.in_network(GROUND, [sys.executable, "-m", "perigee_demo", *arguments])
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=PIPE,
            env={**os.environ, "KUBECONFIG": kubeconfig.name},
            limit=LINE_LIMIT_BYTES,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
