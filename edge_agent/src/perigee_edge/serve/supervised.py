"""A server's side of its supervisor: accepts when told, says how it goes, and leaves when told.

Without a supervisor none of it happens.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import structlog

from perigee_api.termination import Termination
from perigee_edge.handover.packets import receive_packet
from perigee_edge.serve.handed import HandedSockets
from perigee_edge.serve.metrics import Metrics
from perigee_edge.serve.served_model import ServedModel
from perigee_edge.supervisor.messages import (
    BEAT_S,
    Accept,
    Beat,
    Failed,
    Leave,
    Message,
    MessageError,
    Ready,
    decode,
    encode,
)

_log = structlog.get_logger(__name__)


class Supervised:
    """The connection to the supervisor."""

    def __init__(
        self,
        connection: socket.socket,
        sockets: HandedSockets,
        model: ServedModel,
        metrics: Metrics,
        end: Callable[[], None],
    ) -> None:
        """Nothing is said before `run`.

        Args:
            connection: To the supervisor.
            sockets: Accept from what it hands over.
            model: How far it has come.
            metrics: What it has answered.
            end: Has the server end in order.
        """
        connection.setblocking(False)  # noqa: FBT003
        self.left = False
        """The supervisor has told it to leave: its revision is good no more."""
        self._connection = connection
        self._sockets = sockets
        self._model = model
        self._metrics = metrics
        self._end = end
        self._told_ready = False
        self._told = (0, 0)
        """Answered and failed, as far as the supervisor knows."""

    @property
    def accepts(self) -> bool:
        """Whether it serves now: it was let in, and not told to leave."""
        return self._sockets.accepting and not self.left

    async def run(self) -> None:
        """Until the supervisor is gone: then nobody would end the server but it itself."""
        hearing = asyncio.create_task(self._hear())
        try:
            while not hearing.done():
                self._say_how_it_goes()
                # A model that gets ready is told at the next beat at the latest, or by `ready`.
                await asyncio.wait({hearing}, timeout=BEAT_S)
            hearing.result()
        finally:
            hearing.cancel()
            self._sockets.give_back()
        self._end()

    def ready(self) -> None:
        """The model is loaded and verified."""
        self._told_ready = self._say(Ready())

    def failed(self, termination: Termination) -> None:
        """The model must not serve: accept no more, and say why."""
        self.left = True
        self._sockets.give_back()
        self._say(Failed(termination.reason, termination.message))

    def _say_how_it_goes(self) -> None:
        if self._model.ready and not self._told_ready:
            self.ready()
        now = (self._metrics.answered, self._metrics.failed)
        answered, failed = now[0] - self._told[0], now[1] - self._told[1]
        if self._say(Beat(answered, failed, round(self._model.busy_s, 3))):
            self._told = now

    def _say(self, message: Message) -> bool:
        """Whether it could be said: a supervisor that is slow hears it the next time."""
        with suppress(OSError):
            self._connection.send(encode(message))
            return True
        return False

    async def _hear(self) -> None:
        while (received := await receive_packet(self._connection)) is not None:
            packet, sockets, _ = received
            await self._do(packet, sockets)

    async def _do(self, packet: bytes, sockets: list[socket.socket]) -> None:
        try:
            message = decode(packet)
        except MessageError as error:
            _log.error("supervisor unintelligible", error=str(error))
            message = Leave()
        match message:
            case Accept() if not self.left:
                await self._sockets.accept(sockets)
            case Leave():
                self.left = True
                self._sockets.give_back()
                self._end()
            case _:
                for each in sockets:
                    each.close()
