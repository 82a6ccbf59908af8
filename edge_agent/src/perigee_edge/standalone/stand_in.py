"""The keeper's own server: `perigee-edge serve` as a child."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from typing import Final

from perigee_edge.handover.served import Served

UNFIT: Final = frozenset({64, 65, 66, 67})
"""Exit statuses of `serve`, as `perigee_api.termination.EXIT_STATUS`: trying again is in vain.

Not imported from there: Pydantic would take as much memory as the keeper.
"""

_USAGE: Final = 2
"""It does not know an option: another version of it was started with these."""
SERVE: Final = (sys.executable, "-m", "perigee_edge.serve")


class StandIn:
    """One that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls, served: Served, connection: socket.socket, command: Sequence[str] = SERVE
    ) -> "StandIn":
        """Start it with one end of a connection to the keeper.

        Raises:
            OSError: It cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            *served.arguments,
            f"--handover-fd={connection.fileno()}",
            pass_fds=[connection.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            # The sockets were passed to the keeper alone.
            env={key: value for key, value in os.environ.items() if not key.startswith("LISTEN_")},
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def stop(self, *, at_once: bool = False) -> None:
        """Tell it to end. Harmless if it has."""
        if self._process.returncode is None:
            (self._process.kill if at_once else self._process.terminate)()

    async def ended(self) -> int:
        """Its exit status, once it has ended."""
        return await self._process.wait()


def is_unfit(status: int) -> bool:
    """Whether an exit status says that this revision can never serve as it was recorded."""
    return status in UNFIT or status == _USAGE
