import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from perigee_edge.handover.packets import receive_packet
from perigee_edge.meeting.messages import Offer, Seek, decode, encode
from perigee_edge.report.meeting import MOST_GUESTS, Meeting

WITHIN_S = 30
SEEK = Seek(model="default/m", revision="r1")
OFFER = Offer(model="default/m", revision="r2", percent=5)


class Server:
    """A server's connection to the agent."""

    def __init__(self, address: Path) -> None:
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.connection.connect(str(address))
        self.connection.setblocking(False)  # noqa: FBT003

    def seek(self, model: str = "default/m", revision: str = "r1") -> "Server":
        self.connection.send(encode(Seek(model=model, revision=revision)))
        return self

    def offer(self, word: bytes = b"hello") -> "Server":
        """One end of a pair; from the other one comes a word."""
        own, its = socket.socketpair()
        with own, its:
            own.send(word)
            socket.send_fds(self.connection, [encode(OFFER)], [its.fileno()])
        return self

    async def met(self) -> bytes:
        """The word that comes over the socket that was passed on."""
        async with asyncio.timeout(WITHIN_S):
            received = await receive_packet(self.connection)
        assert received is not None
        packet, sockets, _ = received
        assert decode(packet) == OFFER
        with sockets[0] as link:
            return link.recv(100)

    async def is_sent_away(self) -> bool:
        async with asyncio.timeout(WITHIN_S):
            return await receive_packet(self.connection) is None


Connect = Callable[[], Server]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Connect]:
    """Connects a server to an agent that runs."""
    path = tmp_path / "shadow"
    path.touch()  # one that an earlier agent has left
    running = asyncio.create_task(Meeting().run(path))
    await asyncio.sleep(0)
    servers: list[Server] = []

    def connected() -> Server:
        servers.append(Server(path))
        return servers[-1]

    yield connected
    for each in servers:
        each.connection.close()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("seeks_first", [True, False])
async def test_who_seeks_gets_the_socket_of_who_offers(
    server: Connect,
    seeks_first: bool,  # noqa: FBT001
) -> None:
    stable, candidate = server(), server()
    if seeks_first:
        stable.seek()
    candidate.offer()
    if not seeks_first:
        stable.seek()
    assert await stable.met() == b"hello"


async def test_other_models_are_none_of_it(server: Connect) -> None:
    other, stable = server().seek("default/other"), server().seek()
    server().offer()
    assert await stable.met() == b"hello"
    with pytest.raises(BlockingIOError):
        other.connection.recv(1)


async def test_no_revision_answers_beside_itself(server: Connect) -> None:
    candidate = server().offer()
    same = server().seek(revision=OFFER.revision)
    same.connection.close()
    assert await server().seek().met() == b"hello"
    assert candidate.connection.fileno() >= 0


async def test_when_who_seeks_has_left_the_other_is_asked_to_come_again(server: Connect) -> None:
    candidate, stable = server().offer(), server().seek()
    await stable.met()
    stable.connection.close()
    assert await candidate.is_sent_away()
    stable = server().seek()
    server().offer(b"again")
    assert await stable.met() == b"again"


async def test_when_who_offered_has_left_the_next_one_is_met(server: Connect) -> None:
    candidate, stable = server().offer(), server().seek()
    await stable.met()
    server().offer(b"next")
    candidate.connection.close()
    assert await stable.met() == b"next"


@pytest.mark.parametrize("words", [[b"nonsense"], [encode(OFFER)], [encode(SEEK), encode(SEEK)]])
async def test_nonsense_is_sent_away(server: Connect, words: list[bytes]) -> None:
    guest = server()
    for each in words:
        guest.connection.send(each)
    assert await guest.is_sent_away()


async def test_more_than_there_can_be_are_sent_away(server: Connect) -> None:
    guests = [server() for _ in range(MOST_GUESTS)]
    assert await server().is_sent_away()
    for guest in guests:
        guest.connection.close()
    stable = server().seek()
    server().offer()
    assert await stable.met() == b"hello"
