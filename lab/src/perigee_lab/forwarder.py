"""Carries connections from a port of the host into the lab's network.

The lab opens the listening socket in the host's network namespace and starts this process in the
ground's: a socket belongs to the namespace that it was made in, so what is accepted comes from the
host and what is connected goes out from the ground.

usage: python -m perigee_lab.forwarder DESCRIPTOR HOST PORT
"""

import asyncio
import socket
import sys
from contextlib import suppress
from functools import partial
from typing import Final

_CHUNK_BYTES: Final = 64 * 1024
_CONNECT_S: Final = 5.0


async def forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    """Connect one who came in with host and port, until both have said all they had to."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            far_reader, far_writer = await asyncio.open_connection(host, port)
    except OSError:  # TimeoutError is one
        # The API server is not there: say so as it would, by closing.
        writer.transport.abort()
        return
    try:
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
    finally:
        writer.close()
        far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        # One side is gone: the other learns it, and its own copy ends.
        writer.transport.abort()


async def _serve(descriptor: int, host: str, port: int) -> None:
    listener = socket.socket(fileno=descriptor)
    server = await asyncio.start_server(partial(forward, host=host, port=port), sock=listener)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
