"""Signals as something to select on."""

import signal
import socket
from types import FrameType
from typing import Final

_HEEDED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Signals:
    """Heeded from its making on; `heard` says which have come."""

    def __init__(self) -> None:
        self.readable, self._writable = socket.socketpair()
        for each in (self.readable, self._writable):
            each.setblocking(False)  # noqa: FBT003
        signal.set_wakeup_fd(self._writable.fileno(), warn_on_full_buffer=False)
        for number in _HEEDED:
            signal.signal(number, _noted)

    def heard(self) -> set[int]:
        """Those that have come since the last call."""
        try:
            return set(self.readable.recv(256))
        except BlockingIOError:
            return set()


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Nothing here: the number has been written to the socket."""
