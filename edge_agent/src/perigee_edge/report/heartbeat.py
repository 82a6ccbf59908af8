"""The heartbeat: one write to the Lease at each interval, for as long as the agent runs."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

import structlog

from perigee_api.heartbeat import Assignment, Report, RolledBack
from perigee_api.names import ASSIGNMENT_ANNOTATION
from perigee_edge.artifacts.worker import ArtifactWorker
from perigee_edge.report.assignment import AssignmentMemory
from perigee_edge.report.cadence import (
    bounded_interval_s,
    lease_duration_s,
    next_due_s,
    request_timeout_s,
)
from perigee_edge.report.content import build_report, encode
from perigee_edge.report.counted import Counted
from perigee_edge.report.extremes import Extremes
from perigee_edge.report.lease import HeartbeatError, LeaseClient, lease_body
from perigee_edge.report.outage import Begun, Ended, Outage, after_heartbeat
from perigee_edge.report.telemetry import measure

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Satellite:
    """Who speaks, and how often unless told otherwise."""

    node_name: str
    state_directory: Path
    default_interval_s: float
    root: Path = Path("/")
    """Where /proc and /sys are."""
    rolled_back: Callable[[], Sequence[RolledBack]] = tuple
    """Its Pods that have gone back on board."""
    counted: Counted | None = None
    """What its servers have counted; None: nobody listens."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where the heartbeat takes the time from."""

    monotonic_s: Callable[[], float]
    now: Callable[[], datetime]


class Heartbeat:
    """Tells the ground what is on board and passes its assignment on."""

    def __init__(
        self,
        satellite: Satellite,
        lease: LeaseClient,
        worker: ArtifactWorker,
        memory: AssignmentMemory,
        clocks: Clocks,
    ) -> None:
        self._satellite = satellite
        self._lease = lease
        self._worker = worker
        self._memory = memory
        self._clocks = clocks
        self._sequence = 0
        self._outage: Outage | None = None
        self._extremes = Extremes(clocks.monotonic_s())

    async def run(self) -> NoReturn:
        """Beat until cancelled."""
        due_s = self._clocks.monotonic_s()
        while True:
            interval_s = self._interval_s()
            await self._beat(interval_s)
            if self._interval_s() != interval_s:
                due_s = self._clocks.monotonic_s()
            due_s = next_due_s(due_s, self._interval_s(), self._clocks.monotonic_s())
            await asyncio.sleep(due_s - self._clocks.monotonic_s())

    def _interval_s(self) -> float:
        assignment = self._memory.current
        if assignment is None:
            return bounded_interval_s(self._satellite.default_interval_s)
        return bounded_interval_s(assignment.heartbeat_interval_s)

    async def _beat(self, interval_s: float) -> None:
        report, counted = self._report(), self._satellite.counted
        body = lease_body(
            node_name=self._satellite.node_name,
            renewed_at=self._clocks.now(),
            duration_s=lease_duration_s(interval_s),
            report=encode(report),
        )
        self._sequence += 1
        timeout_s = request_timeout_s(interval_s)
        try:
            async with asyncio.timeout(timeout_s):
                annotations = await self._lease.renew(body, timeout_s)
        except TimeoutError:
            await self._lease.close()
            self._note(HeartbeatError("Unreachable", f"no answer within {timeout_s:g} s"))
        except HeartbeatError as error:
            self._note(error)
        else:
            self._note(None)
            if counted is not None:
                counted.told(report.served or ())
            if ASSIGNMENT_ANNOTATION in annotations:
                self._hear(annotations[ASSIGNMENT_ANNOTATION])

    def _report(self) -> Report:
        assignment = self._memory.current or Assignment()
        telemetry = measure(self._satellite.root, self._satellite.state_directory)
        self._extremes = self._extremes.measured(telemetry, self._clocks.monotonic_s())
        # One that was not answered may have been too large for the link: the next is small.
        counted = self._satellite.counted if self._outage is None else None
        return build_report(
            sequence=self._sequence,
            epoch=assignment.epoch,
            heartbeat_interval_s=self._interval_s(),
            artifacts=self._worker.reports(),
            assigned={one.sha256 for one in assignment.artifacts},
            telemetry=self._extremes.told(telemetry),
            rolled_back=self._satellite.rolled_back(),
            served=counted.untold() if counted else (),
        )

    def _hear(self, text: str) -> None:
        if self._memory.hear(text) and (assignment := self._memory.current):
            self._worker.want(assignment.artifacts)
            _log.info(
                "assignment_heard",
                epoch=assignment.epoch,
                artifacts=len(assignment.artifacts),
                heartbeat_interval_s=assignment.heartbeat_interval_s,
            )

    def _note(self, error: HeartbeatError | None) -> None:
        """Log what is new, and let the worker know when the link is back."""
        cause = error.cause if error else None
        self._outage, news = after_heartbeat(self._outage, cause, self._clocks.monotonic_s())
        match news:
            case Begun(cause):
                _log.warning("heartbeat_failing", cause=cause, message=str(error))
            case Ended(lasted_s, failures):
                self._worker.link_is_back()
                _log.info("heartbeat_restored", lasted_s=round(lasted_s, 1), failures=failures)
