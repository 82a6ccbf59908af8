"""What is counted in a Pod that goes back: each request by the revision that answered it."""

import os
import signal
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perigee_api.names import COUNTS_SOCKET
from perigee_edge.counted import CountedBlock

NEW = np.full(64, 2, "f4")
OLD = np.full(64, 3, "f4")


def block_of(hearing: socket.socket, revision: str) -> CountedBlock:
    """The next block of a revision; each is told again and again."""
    while True:
        block = CountedBlock.model_validate_json(hearing.recv(8192))
        if block.revision == revision:
            return block


def test_requests_are_counted_by_the_revision_that_answers(
    pod: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"NAMESPACE": "default", "POD": "uid-1", "BLOCK_S": "0.2"}.items():
        monkeypatch.setenv(f"PERIGEE_SERVE_{name}", value)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.settimeout(60)
        hearing.bind(str(pod.directory / Path(COUNTS_SOCKET).name))
        new = pod.arguments("new", pod.model(NEW), golden=pod.golden(NEW))
        old = pod.arguments("old", pod.model(OLD), golden=pod.golden(OLD))
        container = pod.start(new, old, crashes=1)
        ready = container.await_event("worker_ready", serves=True)
        assert pod.answers() == "new"
        first = block_of(hearing, "new")
        os.kill(ready["pid"], signal.SIGKILL)
        container.await_event("gone_back")
        assert pod.answers() == "old"
        second = block_of(hearing, "old")
    assert (first.pod, second.pod) == ("uid-1", "uid-1")
    assert (first.model, second.model) == ("default/m", "default/m")
    assert first.run != second.run
    assert first.counts.requests == second.counts.requests == 1
