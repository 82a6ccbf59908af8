"""Hears from the servers on the same satellite which Pods have gone back on board."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import structlog
from pydantic import ValidationError

from perigee_api.heartbeat import MAX_ROLLED_BACK, RolledBack

_log: Final = structlog.get_logger()

FORGOTTEN_S: Final = 30.0
"""A Pod says it every other second; one that is silent for so long is gone, or was made anew."""

_MAX_DATAGRAM_BYTES: Final = 4096


class Listener:
    """A socket for datagrams, and what came over it of late."""

    def __init__(self, address: Path, monotonic_s: Callable[[], float]) -> None:
        """Nothing is heard before `run`.

        Args:
            address: Of the socket; one that an earlier agent has left there goes.
            monotonic_s: The clock.
        """
        self._address = address
        self._monotonic_s = monotonic_s
        self._heard: dict[str, tuple[RolledBack, float]] = {}
        """By Pod, with the time."""

    def current(self) -> tuple[RolledBack, ...]:
        """Pods that have gone back, those that were first heard of before others first."""
        self._forget()
        return tuple(said for said, _ in self._heard.values())

    async def run(self) -> NoReturn:
        """Listen until cancelled. Without a socket nothing is heard, and the heartbeat goes on."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
            try:
                self._bind(hearing)
            except OSError as error:
                _log.error("rolled_back_unheard", path=str(self._address), message=str(error))
                await asyncio.Event().wait()
            loop = asyncio.get_running_loop()
            while True:
                self._hear(await loop.sock_recv(hearing, _MAX_DATAGRAM_BYTES))

    def _bind(self, hearing: socket.socket) -> None:
        hearing.setblocking(False)  # noqa: FBT003
        self._address.unlink(missing_ok=True)
        hearing.bind(str(self._address))
        # Whoever may see the directory may speak: servers may run as another user.
        self._address.chmod(0o666)

    def _hear(self, datagram: bytes) -> None:
        try:
            said = RolledBack.model_validate_json(datagram)
        except ValidationError as error:
            _log.error("rolled_back_unreadable", message=str(error)[:500])
            return
        self._forget()
        if said.pod not in self._heard:
            if len(self._heard) >= MAX_ROLLED_BACK:
                return
            _log.warning("rolled_back_on_board", **said.model_dump())
        self._heard[said.pod] = (said, self._monotonic_s())

    def _forget(self) -> None:
        since_s = self._monotonic_s() - FORGOTTEN_S
        self._heard = {pod: one for pod, one in self._heard.items() if one[1] > since_s}
