"""Accepting from sockets that are handed to the server while it runs, and ceasing to."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Final

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

BACKLOG: Final = 4096
"""As the keeper's: to listen again would change it."""


class _Connection(HttpToolsProtocol):
    """One from a handed socket; after the socket was given back it ends with its next answer."""

    def __init__(self, gate: "_Gate", **parts: Any) -> None:
        super().__init__(**parts)
        self._gate = gate

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._gate.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._gate.lose(self)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._gate.shut:
            self.end_with_answer()

    def end_with_answer(self) -> None:
        """Say in the answer under way, and in no later one, that the connection ends."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_started:
            cycle.default_headers = [*cycle.default_headers, (b"connection", b"close")]
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False


class _Gate:
    """What the connections of one hand-over share."""

    def __init__(self) -> None:
        self.shut = False
        self.connections: set[_Connection] = set()
        self.empty = asyncio.Event()
        self.empty.set()

    def lose(self, connection: _Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self.empty.set()


class HandedSockets:
    """Listening sockets of others, accepted from by a server that runs."""

    def __init__(self, config: Config, server: Server) -> None:
        self._config = config
        self._server = server
        self._listening: list[asyncio.Server] = []
        self._gate = _Gate()
        self._gates: list[_Gate] = []

    @property
    def accepting(self) -> bool:
        """Whether connections are accepted from them now."""
        return bool(self._listening)

    async def accept(self, sockets: Sequence[socket.socket]) -> None:
        """Accept from these from now on; they are this object's.

        Raises:
            OSError: They are no listening sockets.
        """
        loop = asyncio.get_running_loop()
        self._gate = gate = _Gate()
        self._gates = [each for each in self._gates if each.connections] + [gate]

        def connection() -> asyncio.Protocol:
            return _Connection(
                gate,
                config=self._config,
                server_state=self._server.server_state,
                app_state=self._server.lifespan.state,
            )

        for each in sockets:
            make = loop.create_unix_server if each.family == socket.AF_UNIX else loop.create_server
            self._listening.append(await make(connection, sock=each, backlog=BACKLOG))

    def give_back(self) -> None:
        """Accept no more. Who is connected is answered, and told then to connect anew."""
        for each in self._listening:
            each.close()
        self._listening = []
        self._gate.shut = True
        for connection in self._gate.connections:
            connection.end_with_answer()

    async def emptied(self) -> None:
        """Wait until nobody is connected any more to sockets that were given back."""
        for gate in self._gates:
            gate.empty.clear()
            if gate.connections:
                await gate.empty.wait()
