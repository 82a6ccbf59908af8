"""The process that plays a crowd of satellites: what it uses is not the operator's.

It is told `silence SECONDS` and `count` on its standard input, and speaks by lines of JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from played.access import Access
from played.crowd import Crowd, Part


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is played."""

    kubeconfig: str
    namespace: str
    """In which the models are."""
    steady: Part
    doomed: Part
    """Those that fall silent, one after the other, when it is said."""

    @property
    def count(self) -> int:
        """Satellites in all."""
        return self.steady.count + self.doomed.count


class CrowdProcess:
    """A crowd that plays, as `playing` gives it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.silenced: dict[str, float] = {}
        """By name: when the last heartbeat had arrived, on the monotonic clock."""
        self._process = process
        self._joined = asyncio.Event()
        self._counts: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def joined(self) -> None:
        """Waits until all satellites are there."""
        await self._joined.wait()

    async def heartbeats(self) -> tuple[int, int]:
        """How many have got through, and how many have not."""
        self._tell("count")
        return await self._counts.get()

    def silence(self, within_s: float) -> None:
        """Those that are to fall silent do so, spread evenly over that time."""
        self._tell(f"silence {within_s}")

    async def listen(self) -> None:
        """Takes in what the process says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "joined" in said:
                self._joined.set()
            elif "sent" in said:
                self._counts.put_nowait((said["sent"], said["failed"]))
            else:
                self.silenced[said["silenced"]] = said["at_s"]
        raise RuntimeError("the crowd has ended: see above")

    def _tell(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n".encode())


@asynccontextmanager
async def playing(cast: Cast) -> AsyncIterator[CrowdProcess]:
    """Plays a crowd while the block runs; if it ends by itself, so does the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "played.crowd_process", json.dumps(asdict(cast))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.TaskGroup() as group:
            crowd = CrowdProcess(process)
            listening = group.create_task(crowd.listen())
            yield crowd
            listening.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _play(cast: Cast) -> None:
    async with Access(Path(cast.kubeconfig)) as access, asyncio.TaskGroup() as group:
        crowd = Crowd(access, cast.namespace)
        for part in (cast.steady, cast.doomed):
            await crowd.join(part)
        _say(joined=cast.count)
        tasks = [
            group.create_task(work)
            for work in (crowd.beat(cast.steady), crowd.beat(cast.doomed), crowd.run_pods())
        ]
        async for order, *words in _orders():
            if order == "count":
                _say(sent=crowd.sent, failed=crowd.failed)
            else:
                tasks.append(group.create_task(_silence(crowd, cast.doomed, float(words[0]))))
        for task in tasks:
            task.cancel()


async def _silence(crowd: Crowd, part: Part, within_s: float) -> None:
    for name in part.names:
        _say(silenced=name, at_s=await crowd.silence(name))
        await asyncio.sleep(within_s / part.count)


async def _orders() -> AsyncIterator[list[str]]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield line.decode().split()


def _say(**words: Any) -> None:
    print(json.dumps(words), flush=True)  # noqa: T201 - that is how it speaks


def main() -> None:
    """Runs in the process."""
    said = json.loads(sys.argv[1])
    parts = [Part(**said[name]) for name in ("steady", "doomed")]
    asyncio.run(_play(Cast(said["kubeconfig"], said["namespace"], *parts)))


if __name__ == "__main__":
    main()
