"""Many small requests a second from the ground, through a model's Service.

Each on a connection of its own, so that kube-proxy spreads them; one that fails is sent once more.
``python -m real_fleet.rapid ADDRESS MODEL RATE`` prints a line of JSON a second, and a last one
when it is told to end.
"""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Final

from perigee_demo.story.journal import PromiseBrokenError
from perigee_lab.lab import Lab
from perigee_lab.state import GROUND

TIMEOUT_S: Final = 5.0
UNDER_WAY: Final = 400
"""Most requests at once: beyond it one is held back, and counted as that."""
FAILURES_KEPT: Final = 10
OK: Final = 200
BODY: Final = json.dumps(
    {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
).encode()


class UnansweredError(Exception):
    """Says what came instead of an answer."""


@dataclass(slots=True)
class Tally:
    """What has become of the requests so far."""

    sent: int = 0
    failed: int = 0
    """At both tries."""
    retried: int = 0
    held_back: int = 0
    seconds: float = 0
    by_revision: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    """The first of them."""
    final: bool = False


async def ask(host: str, port: int, model: str) -> str:
    """The revision that answers.

    Raises:
        UnansweredError: no answer, or not a good one.
    """
    head = (
        f"POST /v2/models/{model}/infer HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(head.encode() + BODY)
                status_line = await reader.readline()
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise UnansweredError(f"{type(error).__name__}: {error}") from error
    _, _, body = answer.partition(b"\r\n\r\n")
    if status_line.split()[1:2] != [str(OK).encode()]:
        raise UnansweredError(f"{status_line!r} {body[:200]!r}")
    return str(json.loads(body)["model_version"])


async def send(host: str, port: int, model: str, rate_hz: float) -> None:
    """Sends until SIGTERM, and tells how it goes."""
    tally, begun = Tally(), time.monotonic()
    ending, under_way = asyncio.Event(), set[asyncio.Task[None]]()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)

    async def one() -> None:
        errors = []
        for _ in range(2):
            try:
                revision = await ask(host, port, model)
            except UnansweredError as error:
                errors.append(str(error))
            else:
                tally.by_revision[revision] = tally.by_revision.get(revision, 0) + 1
                tally.retried += bool(errors)
                return
        tally.failed += 1
        if len(tally.failures) < FAILURES_KEPT:
            tally.failures.append("; then ".join(errors))

    def tell(*, final: bool = False) -> None:
        tally.seconds, tally.final = round(time.monotonic() - begun, 2), final
        print(json.dumps(asdict(tally)), flush=True)  # noqa: T201 - what this program is for

    turn, told = 0, begun
    while not ending.is_set():
        turn += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, begun + turn / rate_hz - time.monotonic())):
                await ending.wait()
        if len(under_way) < UNDER_WAY:
            tally.sent += 1
            task = asyncio.create_task(one())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        else:
            tally.held_back += 1
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            tell()
    await asyncio.gather(*under_way)
    tell(final=True)


class Rapid:
    """The program, followed from here."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._changed = asyncio.Condition()

    async def until(self, holds: Callable[[Tally], bool], *, within_s: float, what: str) -> None:
        """Waits until something holds of the tally.

        Raises:
            PromiseBrokenError: it did not within the time.
        """
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: holds(self.tally))
        except TimeoutError as error:
            raise PromiseBrokenError(f"not within {within_s:g} s: {what}; {self.tally}") from error

    async def read(self, process: Process) -> None:
        """Takes in what the program tells, until it ends."""
        assert process.stdout is not None
        async for line in process.stdout:
            async with self._changed:
                self.tally = Tally(**json.loads(line))
                self._changed.notify_all()


@asynccontextmanager
async def rapid(lab: Lab, host: str, model: str, rate_hz: float) -> AsyncIterator[Rapid]:
    """Sends from inside the ground's network while the block runs; then its tally is complete."""
    words = [sys.executable, "-m", "real_fleet.rapid", host, model, str(rate_hz)]
    process = await asyncio.create_subprocess_exec(
        *lab.in_network(GROUND, words),
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    client = Rapid()
    reading = asyncio.create_task(client.read(process))
    try:
        yield client
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await reading
        await process.wait()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], 80, sys.argv[2], float(sys.argv[3])))
