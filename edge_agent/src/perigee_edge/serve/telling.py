"""Tells the agent on the same satellite what was counted, so that the ground hears of it.

By datagrams to a socket beside the artifacts, where the agent listens and every server may look:
this takes no network, no right, and no directory that a Pod could write to.
"""

import asyncio
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from perigee_api.names import COUNTS_SOCKET
from perigee_edge.serve.counting import Counting
from perigee_edge.serve.settings import ServeSettings

REPEATED_S: Final = 15.0
"""An agent that is started anew knows nothing."""


def counting_of(settings: ServeSettings) -> Counting | None:
    """What counts the requests of a server; None where no Pod serves, so that nobody is told."""
    server, model = settings.server, settings.model
    if server.pod is None or server.namespace is None:
        return None
    return Counting(
        model=f"{server.namespace}/{model.name}",
        pod=server.pod,
        revision=model.revision,
        run=os.urandom(4).hex(),
        begun_s=time.monotonic(),
        length_s=server.block_s,
    )


async def tell(counting: Counting, directory: Path) -> NoReturn:
    """Tell all blocks again and again, until cancelled. Who does not listen now hears it later.

    Args:
        counting: What there is to tell.
        directory: Where the agent listens.
    """
    address = str(directory / Path(COUNTS_SOCKET).name)
    while True:
        await asyncio.sleep(min(REPEATED_S, counting.length_s))
        counting.cut(time.monotonic())
        # There may be no agent, or one that hangs.
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(REPEATED_S):
                await _say(address, [b.model_dump_json(by_alias=True) for b in counting.blocks])


async def _say(address: str, datagrams: list[str]) -> None:
    """A kernel holds ten datagrams for an agent that is busy: the others wait for it."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
        speaking.setblocking(False)  # noqa: FBT003
        speaking.connect(address)
        for datagram in datagrams:
            await loop.sock_sendall(speaking, datagram.encode())
