"""One worker: a server that accepts from the supervisor's socket when told to."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from perigee_edge.supervisor.memory import out_of_memory_kills
from perigee_edge.supervisor.messages import (
    MAX_MESSAGE_BYTES,
    Accept,
    Failed,
    Leave,
    Message,
    decode,
    encode,
)
from perigee_edge.supervisor.options import PREFIX, Servable

SERVE: Final = (sys.executable, "-m", "perigee_edge.worker")


class Worker:
    """A process, and what it has said."""

    def __init__(
        self, process: subprocess.Popen[bytes], ours: socket.socket, served: Servable
    ) -> None:
        self.served = served
        self.connection = ours
        self.ready = False
        self.accepting = False
        self.deaf = False
        """Its end of the connection is closed: it has ended, or is about to."""
        self.failed: Failed | None = None
        """Why it must not serve, in its own words."""
        self.ended_for = ""
        """Why the supervisor has ended it, as a part of a sentence."""
        self.busy_s = 0.0
        self.silent_s = 0.0
        self.age_s = 0.0
        """Both count only while the supervisor itself runs: who is frozen with it is not silent."""
        self._process = process
        self._kills = out_of_memory_kills()

    @classmethod
    def start(cls, served: Servable, command: Sequence[str] = SERVE) -> "Worker":
        """Start one that loads, and accepts from nothing yet.

        Raises:
            OSError: It cannot be started.
        """
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003
        kept = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        with its:
            try:
                process = subprocess.Popen(  # noqa: S603 - the options are the operator's
                    [*command, *served.arguments, f"--supervisor-fd={its.fileno()}"],
                    stdin=subprocess.DEVNULL,
                    env=kept,
                    pass_fds=[its.fileno()],
                )
            except OSError:
                ours.close()
                raise
        return cls(process, ours, served)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ended(self) -> int | None:
        """How it ended, as `subprocess` has it; None while it runs."""
        return self._process.poll()

    @property
    def lacked_memory(self) -> bool:
        """The kernel has ended a process of the container for want of memory in its time."""
        return out_of_memory_kills() > self._kills

    def how_it_ended(self) -> str:
        """More than its status tells; empty where there is no more."""
        if self.ended_for:
            return f"the supervisor, {self.ended_for}"
        return "want of memory" if self.lacked_memory else ""

    def accept(self, listener: socket.socket) -> None:
        """Let it accept from now on."""
        if not self.accepting:
            self.accepting = True
            with suppress(OSError):  # it has ended, and is seen to
                socket.send_fds(self.connection, [encode(Accept())], [listener.fileno()])

    def leave(self) -> None:
        """Tell it to accept no more, to finish, and to end."""
        with suppress(OSError):
            self.connection.send(encode(Leave()))

    def signal(self, number: int) -> None:
        """Send it a signal. Harmless if it has ended."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once. Harmless if it has."""
        self._process.kill()

    def heard(self) -> list[Message]:
        """What it has said and nobody has read yet.

        Raises:
            MessageError: It talks nonsense: another version of it runs.
        """
        messages: list[Message] = []
        while True:
            try:
                packet = self.connection.recv(MAX_MESSAGE_BYTES)
            except BlockingIOError:
                return messages
            except ConnectionError:
                packet = b""
            if not packet:
                self.deaf = True
                return messages
            messages.append(decode(packet))

    def finish(self) -> None:
        """Wait for its end, and forget its connection."""
        self._process.wait()
        self.connection.close()
