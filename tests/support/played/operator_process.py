"""The operator as a process of its own, which can die by SIGKILL at any of its writes.

It is forked from a server that has imported everything already, so that hundreds of them can be
started: what runs in it is the operator's own command.
"""

import asyncio
import contextlib
import itertools
import multiprocessing
import os
import random
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PRELOADED: Final = ["perigee_operator.main", "played.in_world"]
SERVE_IMAGE: Final = "serve:test"

_ports = itertools.cycle(random.sample(range(20000, 30000), 10000))
"""Below those that the kernel gives to connections; another order in each session."""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(PRELOADED)


@dataclass(frozen=True, slots=True)
class Setting:
    """How an operator is started."""

    kubeconfig: Path
    log: Path
    """What it logs goes there, behind what is there."""
    mode: str = "Act"
    fault: str = ""
    loss_budget_percent: float = 25
    rollouts_at_once: int = 0
    """In the whole fleet; 0: as many as there are."""
    world: str = ""
    """Sees nothing but this world, if one is named."""
    namespace: str = ""
    """Of the world."""
    webhooks: str = ""
    """JSON, as ``PERIGEE_WEBHOOKS`` is."""
    webhook_keys: str = ""
    """Directory of their keys."""
    hasty: bool = False
    """Seconds of patience that are constants of the domain are cut down."""
    patience_s: float = 15
    """In a world: so long it waits for an answer of the API server."""

    def environment(self) -> dict[str, str]:
        """As the operator reads it."""
        webhooks = {
            "PERIGEE_WEBHOOKS": self.webhooks,
            "PERIGEE_WEBHOOK_KEY_DIRECTORY": self.webhook_keys,
        }
        return {
            **(webhooks if self.webhooks else {}),
            "KUBECONFIG": str(self.kubeconfig),
            "PERIGEE_FAULT": self.fault,
            "PERIGEE_HTTP_PORT": str(free_port()),
            "PERIGEE_LOSS_BUDGET_PERCENT": str(self.loss_budget_percent),
            "PERIGEE_MODE": self.mode,
            "PERIGEE_ROLLOUTS_AT_ONCE": str(self.rollouts_at_once),
            "PERIGEE_SERVE_IMAGE": SERVE_IMAGE,
        }


class OperatorProcess:
    """A running operator."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.environment = setting.environment()
        self._process = _forks.Process(target=_operate, args=(setting, self.environment))
        self._process.start()

    @property
    def url(self) -> str:
        """Of its HTTP endpoints."""
        return f"http://127.0.0.1:{self.environment['PERIGEE_HTTP_PORT']}"

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    async def ended(self) -> int:
        """Waits until it has ended, and gives its exit status; below 0 the signal's number."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        # A descriptor of its own for each that waits: a loop knows one reader a descriptor.
        sentinel = os.dup(self._process.sentinel)
        loop.add_reader(sentinel, done.set)
        try:
            await done.wait()
        finally:
            loop.remove_reader(sentinel)
            os.close(sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    async def kill(self) -> None:
        """As a power loss does."""
        if self._process.is_alive():
            self._process.kill()
        await self.ended()

    async def terminate(self) -> int:
        """As the kubelet does at first."""
        self._process.terminate()
        return await self.ended()


def free_port() -> int:
    """A TCP port that nobody listens on, and that no connection will be given either."""
    for port in _ports:
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            return port
    raise AssertionError("no port is free")


def _operate(setting: Setting, environment: dict[str, str]) -> None:
    """Runs in the forked process."""
    from kubernetes.aio.config import kube_config  # noqa: PLC0415 - in the child alone

    from perigee_operator import main  # noqa: PLC0415
    from played import in_world  # noqa: PLC0415

    os.environ.update(environment)
    # Read from the environment when the module was imported, which was in the server of forks.
    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = environment["KUBECONFIG"]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    _log_to(setting.log)
    with contextlib.ExitStack() as stack:
        if setting.hasty:
            stack.enter_context(in_world.hastily())
        if setting.world:
            in_world.run(setting.world, setting.namespace, setting.patience_s)
        else:
            main.run()


def _log_to(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(descriptor, stream.fileno())


@contextlib.contextmanager
def no_forks_left() -> Iterator[None]:
    """Complains of operators that a test has forgotten to end."""
    yield
    left = multiprocessing.active_children()
    assert not left, left
