"""Brings a candidate's server together with the stable revision's, on the agent's side.

All of it is what connections say while they last: who seeks, and who offers. A pair of sockets that
was passed on is used up, so the one who made it is sent away when the one who got it leaves, and
makes another.
"""

import asyncio
import itertools
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import structlog

from perigee_edge.handover.packets import receive_packet
from perigee_edge.meeting.messages import MeetingError, Offer, Seek, decode, encode

_log: Final = structlog.get_logger()

MOST_GUESTS: Final = 64
"""More are sent away: each model on board has two at most."""


@dataclass(slots=True, eq=False)
class _Guest:
    """A connection, and what it has said."""

    connection: socket.socket
    said: Seek | Offer | None = None
    end: socket.socket | None = None
    """Of a pair that is offered; None once it was passed on."""
    partner: "_Guest | None" = None

    def send_away(self) -> None:
        """Its connection ends; whoever is at the other side may come again."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nothing of it stays open."""
        self.connection.close()
        if self.end is not None:
            self.end.close()


class Meeting:
    """All who are there."""

    def __init__(self) -> None:
        self._guests: list[_Guest] = []

    async def run(self, address: Path) -> NoReturn:
        """Listen until cancelled. Without a socket nobody meets, and the heartbeat goes on.

        Args:
            address: Of the socket; one that an earlier agent has left there goes.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            try:
                _listen(listening, address)
            except OSError as error:
                _log.error("servers_unmet", path=str(address), message=str(error))
                await asyncio.Event().wait()
            loop = asyncio.get_running_loop()
            async with asyncio.TaskGroup() as tasks:
                while True:
                    connection, _ = await loop.sock_accept(listening)
                    tasks.create_task(self._receive(_Guest(connection)))

    async def _receive(self, guest: _Guest) -> None:
        if len(self._guests) >= MOST_GUESTS:
            guest.close()
            return
        self._guests.append(guest)
        try:
            with suppress(OSError):  # it is gone
                await self._listen_to(guest)
        finally:
            self._guests.remove(guest)
            self._part(guest)
            guest.close()

    async def _listen_to(self, guest: _Guest) -> None:
        while (received := await receive_packet(guest.connection)) is not None:
            packet, sockets, _ = received
            if not self._hear(guest, packet, sockets):
                return

    def _hear(self, guest: _Guest, packet: bytes, sockets: list[socket.socket]) -> bool:
        """Take up what it says; False where that makes no sense, or it has spoken before."""
        try:
            said = decode(packet)
        except MeetingError as error:
            _log.error("server_unintelligible", message=str(error)[:500])
            said = None
        wanted = 1 if isinstance(said, Offer) else 0
        if said is None or guest.said is not None or len(sockets) != wanted:
            for each in sockets:
                each.close()
            return False
        guest.said, guest.end = said, next(iter(sockets), None)
        self._introduce(said.model)
        return True

    def _introduce(self, model: str) -> None:
        """Pass an offer on to who seeks, if both are there, alone, and of two revisions.

        A candidate's Pod that went back on board serves the stable revision, as its partner does.
        """
        alone = [g for g in self._guests if g.said and g.said.model == model and not g.partner]
        seekers = [g for g in alone if isinstance(g.said, Seek)]
        offerers = [g for g in alone if isinstance(g.said, Offer)]
        for seeking, offering in itertools.product(seekers, offerers):
            if _passed_on(seeking, offering):
                _log.info("servers_met", model=model)
                return

    def _part(self, guest: _Guest) -> None:
        partner = guest.partner
        if partner is None:
            return
        partner.partner = None
        if isinstance(partner.said, Offer):
            partner.send_away()
        elif partner.said is not None:
            self._introduce(partner.said.model)


def _passed_on(seeking: _Guest, offering: _Guest) -> bool:
    """Whether who seeks has got what is offered; one that takes nothing is sent away."""
    if seeking.said is None or offering.said is None or offering.end is None:
        return False
    if seeking.said.revision == offering.said.revision:
        return False
    try:
        packet = encode(offering.said)
        socket.send_fds(seeking.connection, [packet], [offering.end.fileno()])
    except OSError:
        seeking.send_away()
        return False
    offering.end.close()
    offering.end = None
    offering.partner, seeking.partner = seeking, offering
    return True


def _listen(listening: socket.socket, address: Path) -> None:
    listening.setblocking(False)  # noqa: FBT003
    address.unlink(missing_ok=True)
    listening.bind(str(address))
    # Whoever may see the directory may come: servers may run as another user.
    address.chmod(0o666)
    listening.listen()
