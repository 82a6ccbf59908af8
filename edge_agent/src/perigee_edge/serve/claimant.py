"""Asks the keeper of the model's address for its socket, for as long as the server may serve."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog

from perigee_edge.handover.messages import (
    Accept,
    Claim,
    Message,
    MessageError,
    Release,
    Released,
    Why,
    Withdraw,
)
from perigee_edge.handover.packets import receive, send
from perigee_edge.handover.served import Served

_log = structlog.get_logger(__name__)

POLL_S: Final = 0.2
"""How often the file that says whether this server is active is read; nothing announces it."""

RETRY_S: Final = 1.0
"""Between tries to reach a keeper: there may be none on this satellite, ever."""


class Sockets(Protocol):
    """What accepts; as `perigee_edge.serve.handed.HandedSockets`."""

    async def accept(self, sockets: Sequence[socket.socket]) -> None:
        """Accept from these from now on."""
        ...

    def give_back(self) -> None:
        """Accept no more."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the server may have the socket."""

    verified: bool
    active: bool
    ending: bool

    @property
    def may_serve(self) -> bool:
        """Nothing unverified, nothing that another one is to serve in its place."""
        return self.verified and self.active and not self.ending

    @property
    def why_not(self) -> Why:
        """For the keeper, once it may not any more."""
        return Why.ENDING if self.ending else Why.INACTIVE


def is_active(file: Path | None) -> bool:
    """Whether the ground wants this server to serve, as its Pod's label says in a file.

    The kubelet keeps the file as the label is (a downward API volume). Without a file: yes.
    """
    if file is None:
        return True
    try:
        return file.read_text("ascii", errors="replace").strip() == "true"
    except OSError:
        return False


class Claimant:
    """One server's claim to one address."""

    def __init__(self, served: Served, sockets: Sockets, standing: Callable[[], Standing]) -> None:
        """Nothing happens before `follow`.

        Args:
            served: What the server serves.
            sockets: Accept from what the keeper hands over.
            standing: How it is about the server now.
        """
        self._served = served
        self._sockets = sockets
        self._standing = standing
        self._number = 0
        """Of the last claim."""

    async def follow(self, address: Path) -> None:
        """Claim from a keeper that listens at a path, whenever there is one, until cancelled."""
        while True:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
                connection.setblocking(False)  # noqa: FBT003
                with suppress(OSError):  # no keeper; or one that is being started anew
                    connection.connect(str(address))
                    await self.serve(connection)
            await asyncio.sleep(RETRY_S)

    async def serve(self, connection: socket.socket) -> None:
        """Claim over a connection to the keeper until that ends.

        Raises:
            OSError: It broke.
        """
        hearing = asyncio.create_task(self._hear(connection))
        claimed = False
        try:
            while not hearing.done():
                standing = self._standing()
                if standing.may_serve and not claimed:
                    self._number += 1
                    send(connection, Claim(self._number, self._served))
                elif claimed and not standing.may_serve:
                    self._sockets.give_back()
                    send(connection, Withdraw(standing.why_not))
                    _log.info("address withdrawn", why=standing.why_not)
                claimed = standing.may_serve
                await asyncio.wait({hearing}, timeout=POLL_S)
            hearing.result()
        finally:
            # Without its keeper nobody knows that this server accepts: another one might, too.
            self._sockets.give_back()
            hearing.cancel()

    async def _hear(self, connection: socket.socket) -> None:
        try:
            while (received := await receive(connection)) is not None:
                await self._do(connection, *received)
        except MessageError as error:
            _log.error("keeper unintelligible", error=str(error))

    async def _do(
        self, connection: socket.socket, message: Message, sockets: Sequence[socket.socket]
    ) -> None:
        match message:
            case Accept(number) if number == self._number and self._standing().may_serve:
                await self._sockets.accept(sockets)
                _log.info("address taken", sockets=len(sockets))
            case Accept():
                # The claim was taken back meanwhile, or is about to be: the loop above says so.
                for each in sockets:
                    each.close()
            case Release(number):
                if number == self._number:
                    self._sockets.give_back()
                    _log.info("address given back")
                send(connection, Released(number))
            case _:
                raise MessageError("the keeper says what only a server says")
