"""The process that computes contacts, from the operator's side.

SGP4 and numpy hold the interpreter's lock for long: in the operator's own process they would stall
everything else.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, Self, cast

from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.station import Station

LENGTH_BYTES: Final = 8
"""Each message is preceded by its length, the highest byte first."""

ONE_CORE: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""The others are for the operator and its neighbours."""

COMMAND: Final = (sys.executable, "-P", "-m", "perigee_operator.services.contacts.process")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be computed."""

    elements: tuple[Elements, ...]
    stations: tuple[Station, ...]
    since: datetime
    until: datetime


class WorkerDiedError(Exception):
    """The process ended before it answered: out of memory, killed, or by an error of its own."""


class Worker(Protocol):
    """Who computes."""

    async def compute(self, job: Job) -> Sequence[Contacts]:
        """The contacts of each satellite of a job.

        Raises:
            WorkerDiedError: no answer; the next job begins with a fresh worker.
        """


class WorkerProcess:
    """One process of its own, which is started anew when it has died.

    It ends with this one, even if this one is killed: its input ends then.
    """

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._process.pid if self._process else None

    async def compute(self, job: Job) -> Sequence[Contacts]:
        """See `Worker`."""
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=os.environ | ONE_CORE,
            )
        answer: bytes | None = None
        try:
            answer = await _exchange(self._process, framed(job))
        except (OSError, EOFError) as error:
            raise WorkerDiedError from error
        finally:
            # One that was interrupted would answer the next job with what belongs to this one.
            if answer is None:
                await self._end()
        return cast("list[Contacts]", pickle.loads(answer))  # noqa: S301 - from our own process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


def framed(message: object) -> bytes:
    """A message as the two processes exchange it."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH_BYTES) + body


async def _exchange(process: asyncio.subprocess.Process, question: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(question)
    await process.stdin.drain()
    length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES))
    return await process.stdout.readexactly(length)
