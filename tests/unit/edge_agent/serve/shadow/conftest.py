"""A connected pair of sockets as streams, in one event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class End:
    """One of the two."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@pytest.fixture
async def ends() -> AsyncIterator[tuple[End, End]]:
    """The stable revision's, and the candidate's."""
    found = []
    for one in socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM):
        one.setblocking(False)  # noqa: FBT003
        found.append(End(*await asyncio.open_unix_connection(sock=one)))
    yield found[0], found[1]
    for end in found:
        end.writer.close()
