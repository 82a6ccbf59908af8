"""Hears from the servers on the same satellite which Pods have gone back on board."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import structlog
from pydantic import ValidationError

from perigee_api.heartbeat import MAX_ROLLED_BACK, RolledBack
from perigee_edge.report.datagrams import hear

_log: Final = structlog.get_logger()

FORGOTTEN_S: Final = 30.0
"""A Pod says it every other second; one that is silent for so long is gone, or was made anew."""


class Listener:
    """What came over a socket for datagrams of late."""

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
        """Listen until cancelled."""
        await hear(self._address, self._hear)

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
