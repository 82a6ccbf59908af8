"""Tells the agent on the same satellite that the board went back, so that the ground hears of it.

By a datagram to a socket beside the artifacts, where the agent listens and every server may look:
this takes no network, no right, and no directory that a Pod could write to.
"""

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from perigee_edge.supervisor.options import Options
from perigee_edge.supervisor.policy import Retreat

REPEATED_S: Final = 2.0
"""An agent that is started anew knows nothing."""

_MESSAGE_CHARACTERS: Final = 300


def datagram(options: Options, retreat: Retreat) -> bytes:
    """A retreat as `perigee_api.heartbeat.RolledBack` has it. Pure."""
    document = {
        "pod": options.pod,
        "model": options.model,
        "failed": options.main.revision,
        "revision": options.fallback.revision,
        "reason": retreat.reason,
        "message": retreat.message[:_MESSAGE_CHARACTERS],
    }
    return json.dumps(document, separators=(",", ":")).encode()


class Reporter:
    """Says it again and again."""

    def __init__(self, address: Path | None) -> None:
        """Nothing is sent yet.

        Args:
            address: Where the agent listens; None: nowhere.
        """
        self._address = address
        self._due_s = 0.0

    def report(self, options: Options, retreat: Retreat | None, now_s: float) -> None:
        """Send it if it is time to. An agent that does not listen now hears it the next time."""
        if retreat is None or self._address is None or now_s < self._due_s:
            return
        self._due_s = now_s + REPEATED_S
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking, suppress(OSError):
            speaking.setblocking(False)  # noqa: FBT003
            speaking.sendto(datagram(options, retreat), str(self._address))
