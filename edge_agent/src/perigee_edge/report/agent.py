"""The agent's process: heartbeat and artifact worker side by side until it is told to stop."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

import structlog

from perigee_api.names import (
    COUNTS_SOCKET,
    ROLLED_BACK_SOCKET,
    SHADOW_SOCKET,
    STANDALONE_DIRECTORY,
)
from perigee_edge.artifacts.download import http_client
from perigee_edge.artifacts.eviction import Limits
from perigee_edge.artifacts.store import ArtifactStore
from perigee_edge.artifacts.worker import ArtifactWorker
from perigee_edge.artifacts.worker import Clocks as WorkerClocks
from perigee_edge.report.assignment import AssignmentMemory
from perigee_edge.report.baseline import DAY_S
from perigee_edge.report.baseline_memory import BaselineMemory
from perigee_edge.report.counted import Clocks as CountedClocks
from perigee_edge.report.counted import Counted
from perigee_edge.report.heartbeat import Clocks, Heartbeat, Satellite
from perigee_edge.report.lease import ApiServer, LeaseClient
from perigee_edge.report.meeting import Meeting
from perigee_edge.report.rolled_back import Listener
from perigee_edge.report.standalone import keep_root
from perigee_edge.standalone.records import pinned

_log: Final = structlog.get_logger()
_ROLLED_BACK: Final = Path(ROLLED_BACK_SOCKET).name
_COUNTS: Final = Path(COUNTS_SOCKET).name
_SHADOW: Final = Path(SHADOW_SOCKET).name


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent is told at its start."""

    node_name: str
    state_directory: Path
    server: ApiServer
    default_interval_s: float
    """Between heartbeats, until one is assigned."""
    cache_bytes: int
    reserve_bytes: int
    check_every_s: float
    image_bytes: int
    """A copy of the image is kept on board if it is not larger."""

    @property
    def standalone_directory(self) -> Path:
        """What is kept for serving alone."""
        return self.state_directory / Path(STANDALONE_DIRECTORY).name


class CacheInUseError(Exception):
    """Another agent works in the same state directory."""


async def run_agent(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.

    A task that dies takes the process with it, so that the kubelet starts a new one.

    Raises:
        CacheInUseError: Another agent is at work here.
    """
    store = ArtifactStore(settings.state_directory / "artifacts")
    store.prepare()
    try:
        lock = store.lock()
    except BlockingIOError as error:
        raise CacheInUseError(
            f"another agent works in {store.directory}; this one ends and is started again"
        ) from error
    lease = LeaseClient(settings.server, settings.node_name)
    try:
        async with http_client() as client:
            worker = ArtifactWorker(
                store,
                client,
                Limits(settings.cache_bytes, settings.reserve_bytes),
                check_every_s=settings.check_every_s,
                clocks=WorkerClocks(time.monotonic, time.time),
                pinned=lambda: pinned(settings.standalone_directory / "records"),
            )
            memory = _recalled(settings, worker)
            listener = Listener(store.directory / _ROLLED_BACK, time.monotonic)
            counted = _counted(settings, memory)
            heartbeat = Heartbeat(
                Satellite(
                    settings.node_name,
                    settings.state_directory,
                    settings.default_interval_s,
                    rolled_back=listener.current,
                    counted=counted,
                ),
                lease,
                worker,
                memory,
                Clocks(time.monotonic, lambda: datetime.now(UTC)),
            )
            heard = (
                listener.run(),
                counted.run(store.directory / _COUNTS),
                Meeting().run(store.directory / _SHADOW),
            )
            await _run_until_told(settings, heartbeat, worker, heard)
    finally:
        await lease.close()
        os.close(lock)


def _recalled(settings: Settings, worker: ArtifactWorker) -> AssignmentMemory:
    memory = AssignmentMemory(settings.state_directory / "assignment.json")
    memory.recall()
    if memory.current is not None:
        worker.want(memory.current.artifacts)
    return memory


def _counted(settings: Settings, memory: AssignmentMemory) -> Counted:
    baselines = BaselineMemory(settings.state_directory / "baselines.json")
    baselines.recall()

    def period_s() -> int:
        return (memory.current and memory.current.orbit_period_s) or DAY_S

    return Counted(baselines, CountedClocks(time.monotonic, time.time), period_s)


async def _run_until_told(
    settings: Settings,
    heartbeat: Heartbeat,
    worker: ArtifactWorker,
    heard: Iterable[Coroutine[Any, Any, NoReturn]],
) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    _log.info("agent_started", pid=os.getpid())
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each) for each in heard]
        # Reading all files takes a while, in which every Pod that has gone back has said so.
        await worker.take_stock()
        standalone = keep_root(
            settings.standalone_directory,
            most_bytes=settings.image_bytes,
            reserve_bytes=settings.reserve_bytes,
            check_every_s=settings.check_every_s,
        )
        work = (heartbeat.run(), worker.run(), standalone)
        running += [tasks.create_task(each) for each in work]
        await told.wait()
        for task in running:
            task.cancel()
    _log.info("agent_stopped")
