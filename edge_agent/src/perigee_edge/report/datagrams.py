"""Hears what servers on the same satellite say: a socket for datagrams."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import structlog

_log: Final = structlog.get_logger()

_MAX_DATAGRAM_BYTES: Final = 8192


async def hear(address: Path, take: Callable[[bytes], None]) -> NoReturn:
    """Listen until cancelled. Without a socket nothing is heard, and the heartbeat goes on.

    Args:
        address: Of the socket; one that an earlier agent has left there goes.
        take: Is given each datagram.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        try:
            _bind(hearing, address)
        except OSError as error:
            _log.error("servers_unheard", path=str(address), message=str(error))
            await asyncio.Event().wait()
        loop = asyncio.get_running_loop()
        while True:
            take(await loop.sock_recv(hearing, _MAX_DATAGRAM_BYTES))


def _bind(hearing: socket.socket, address: Path) -> None:
    hearing.setblocking(False)  # noqa: FBT003
    address.unlink(missing_ok=True)
    hearing.bind(str(address))
    # Whoever may see the directory may speak: servers may run as another user.
    address.chmod(0o666)
