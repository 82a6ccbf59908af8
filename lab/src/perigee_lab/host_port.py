"""The way from the host to the API server: a port on 127.0.0.1 and the process behind it."""

import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from perigee_lab import addresses, network, processes
from perigee_lab.errors import LabError
from perigee_lab.machine import ENVIRONMENT
from perigee_lab.state import GROUND, Layout

_BACKLOG: Final = 128


def ensure(lab: str, layout: Layout, groups: Sequence[Path], port: int) -> int:
    """See that the forwarder runs, and give the port that it listens on.

    Args:
        lab: name of the lab.
        layout: where its record is kept.
        groups: files of the control groups it enters.
        port: the one it had before; 0, or one that others have taken since, makes it a new one.
    """
    if processes.recall(layout.forwarder) is not None:
        return port
    log = layout.directory / "forwarder.log"
    with _listener(port) as listener:
        module = [sys.executable, "-m", "perigee_lab.forwarder", str(listener.fileno())]
        process = processes.start(
            [*network.enter(lab, GROUND), *module, addresses.node(0), str(addresses.API_PORT)],
            environment=ENVIRONMENT,
            log=log,
            groups=groups,
            descriptors=[listener.fileno()],
        )
        if process is None:
            raise LabError(f"the forwarder ended at once; see {log}")
        processes.remember(layout.forwarder, process)
        return int(listener.getsockname()[1])


def _listener(port: int) -> socket.socket:
    try:
        return _bound(port)
    except OSError:
        return _bound(0)


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        # Connections of the forwarder before this one may still be closing.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
