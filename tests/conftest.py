"""The labs that tests run on: real clusters on this machine, started once a session."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings

from perigee_lab.lab import Lab
from perigee_lab.wanted import Request

# The machines that tests run on are shared: how long an example takes says nothing about the code.
settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared machine")

KEEP = "PERIGEE_KEEP_LAB"
REUSE = "PERIGEE_LAB_REUSE"


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Lab]:
    """A real API server with its controllers and no nodes, for the layer `cluster`."""
    request = Request(satellites=0, ground_runs_pods=False)
    with running(f"control-plane-{os.getpid()}", request) as lab:
        yield lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A ground and three satellites, for the layer `e2e`.

    PERIGEE_LAB_REUSE=NAME takes a lab that runs already and leaves it running;
    PERIGEE_KEEP_LAB=1 leaves the one that is started here running.
    """
    if name := os.environ.get(REUSE):
        yield Lab(name)
        return
    with running(f"test-{os.getpid()}", Request(satellites=3)) as lab:
        yield lab


@contextmanager
def running(name: str, request: Request) -> Iterator[Lab]:
    """A lab that is brought down whatever ends the session, an end by SIGTERM included."""
    lab = Lab(name)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        lab.up(request)
        yield lab
    finally:
        signal.signal(signal.SIGTERM, before)
        if os.environ.get(KEEP) != "1":
            lab.down()
