"""Does what the policy says, with processes, until the container is told to end."""

import math
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from perigee_edge.standalone.log import log
from perigee_edge.supervisor import memory
from perigee_edge.supervisor.crew import Crew, Start
from perigee_edge.supervisor.error_window import Count
from perigee_edge.supervisor.messages import Beat, Failed, Message, Ready
from perigee_edge.supervisor.options import Options, Servable
from perigee_edge.supervisor.policy import (
    UNFIT,
    Course,
    End,
    GiveUp,
    GoBack,
    Next,
    after_answers,
    after_end,
    after_ready,
    exit_status,
    standby_ended,
)
from perigee_edge.supervisor.record import Record, RecordError, RecordFile, encode, taken_up
from perigee_edge.supervisor.reporting import Reporter
from perigee_edge.supervisor.signals import Signals
from perigee_edge.supervisor.termination import write_termination
from perigee_edge.supervisor.worker import Worker

TICK_S: Final = 0.5
STANDBY_CHECK_S: Final = 5.0
_WITH_ALL: Final = End(-int(signal.SIGKILL), how="the end of its whole container")


class Supervisor:
    """Over the workers of one Pod."""

    def __init__(
        self,
        options: Options,
        listener: socket.socket,
        *,
        start: Start = Worker.start,
        clock_s: Callable[[], float] = time.monotonic,
        boot: str | None = None,
    ) -> None:
        """Nothing is started before `run`.

        Args:
            options: What to serve, and what else.
            listener: What clients connect to.
            start: Starts a worker.
            clock_s: The kernel's clock since it booted.
            boot: Which boot that is.
        """
        self._options = options
        self._crew = Crew(options, listener, start)
        self._clock_s = clock_s
        self._boot = _boot_id() if boot is None else boot
        self._file = RecordFile(options.record_directory)
        self._reporter = Reporter(options.report_socket)
        self._course = Course()
        self._written: bytes | None = None
        self._told = False
        self._exit_status: int | None = None
        self._standby_from_s = 0.0

    def run(self) -> int:
        """Until the container is told to end, or must; its exit status."""
        signals = Signals()
        self._crew.selector.register(signals.readable, selectors.EVENT_READ)
        last_s = self._clock_s()
        self._begin(last_s)
        try:
            while self._exit_status is None:
                self._crew.selector.select(TICK_S)
                now_s = self._clock_s()
                # Frozen or starved itself, it blames nobody for silence.
                passed_s, last_s = min(now_s - last_s, 2 * TICK_S), now_s
                self._heed(signals.heard())
                for worker, message in self._crew.heard():
                    self._hear(worker, message, now_s)
                self._crew.end_hanging(passed_s, self._options.limits)
                for worker, status, role in self._crew.bury():
                    self._mourn(worker, status, role, now_s)
                if self._exit_status is None:
                    self._carry_on(now_s)
                self._save()
        finally:
            self._crew.end_all()
        return self._exit_status

    def _begin(self, now_s: float) -> None:
        try:
            record = self._file.read()
        except (OSError, RecordError) as error:
            log("record_unreadable", "error", message=str(error))
            record = None
        self._course, vanished = taken_up(record, self._options.main.revision, self._boot)
        if vanished:
            self._course, _ = self._after_end(_WITH_ALL, now_s)
            # It may have been for want of memory: no second copy this time.
            self._standby_from_s = math.inf
        retreat = self._course.retreat
        if retreat is not None:
            log("still_gone_back", reason=retreat.reason, message=retreat.message)
        self._crew.begin(self._wanted(), now_s)
        self._crew.work(now_s)
        self._save()

    def _wanted(self) -> Servable:
        return self._options.main if self._course.retreat is None else self._options.fallback

    def _heed(self, signals: set[int]) -> None:
        if not signals & {signal.SIGTERM, signal.SIGINT}:
            return
        self._told = True
        self._crew.end_standby()
        if self._crew.serving is None:
            self._exit_status = 0
        else:
            self._crew.serving.signal(signal.SIGTERM)

    def _hear(self, worker: Worker, message: Message, now_s: float) -> None:
        serves = worker is self._crew.serving
        match message:
            case Ready():
                worker.ready = True
                log("worker_ready", pid=worker.pid, revision=worker.served.revision, serves=serves)
                if serves:
                    self._course = after_ready(self._course, now_s)
            case Beat(answered, failed, busy_s):
                worker.busy_s = busy_s
                if serves and not self._told:
                    self._count(Count(now_s, answered, failed), now_s)
            case Failed():
                worker.failed = message
                if serves and not self._told:
                    self._give_way(message, now_s)
            case _:
                worker.ended_for = "since it says what only the supervisor says"
                worker.kill()

    def _count(self, count: Count, now_s: float) -> None:
        fallback, limits = self._options.fallback, self._options.limits
        self._course, going = after_answers(
            self._course, count, limits, fallback=fallback.is_on_board
        )
        if going is not None:
            self._go_back(now_s)

    def _give_way(self, failed: Failed, now_s: float) -> None:
        """It has said that it must not serve, and still finishes what it has begun."""
        status = next((number for number, word in UNFIT.items() if word == failed.reason), None)
        if status is None:
            return
        course, then = self._after_end(End(status, failed.message), now_s)
        if isinstance(then, GoBack):
            self._course = course
            self._go_back(now_s)

    def _mourn(self, worker: Worker, status: int, role: str, now_s: float) -> None:
        """Somebody has ended."""
        if role == "standby":
            self._course = standby_ended(self._course, status)
            self._standby_from_s = math.inf
        if role != "serving":
            return
        if self._told:
            self._exit_status = exit_status(status)
            return
        if worker.lacked_memory:
            self._standby_from_s = math.inf
            self._crew.end_standby()
        message = worker.failed.message if worker.failed else ""
        end = End(status, message, worker.how_it_ended())
        self._course, then = self._after_end(end, now_s)
        match then:
            case GiveUp(number):
                log("given_up", "error", status=number, message=message or end.how)
                if worker.failed is not None:
                    write_termination(self._options.termination_log, worker.failed)
                self._exit_status = number
            case GoBack():
                self._go_back(now_s)
            case _:
                self._crew.replace(self._wanted(), now_s)

    def _after_end(self, end: End, now_s: float) -> tuple[Course, Next]:
        fallback = self._options.fallback.is_on_board
        return after_end(self._course, end, now_s, self._options.limits, fallback=fallback)

    def _go_back(self, now_s: float) -> None:
        retreat = self._course.retreat
        log(
            "gone_back",
            "error",
            failed=self._options.main.revision,
            revision=self._options.fallback.revision,
            reason=retreat and retreat.reason,
            message=retreat and retreat.message,
        )
        self._crew.replace(self._options.fallback, now_s)
        if self._crew.serving is not None and self._crew.serving.ready:
            self._course = after_ready(self._course, now_s)

    def _carry_on(self, now_s: float) -> None:
        if not self._told:
            self._crew.work(now_s)
            self._mind_standby(now_s)
        self._reporter.report(self._options, self._course.retreat, now_s)

    def _mind_standby(self, now_s: float) -> None:
        if not self._options.standby or now_s < self._standby_from_s:
            return
        self._standby_from_s = now_s + STANDBY_CHECK_S
        course, crew = self._course, self._crew
        done = course.confirmed or course.retreat is not None or course.fallback_unfit
        if crew.standby is not None:
            if done or self._memory().is_short:
                log("standby_ended", confirmed=course.confirmed)
                crew.end_standby()
            return
        serving = crew.serving
        if done or serving is None or not serving.ready or not self._options.fallback.is_on_board:
            return
        if self._memory().has_room(memory.resident_bytes(serving.pid)):
            crew.keep_standby(self._options.fallback)

    def _memory(self) -> memory.Memory:
        pids = [os.getpid(), *(worker.pid for worker in self._crew.everybody)]
        return memory.measure(self._options.memory_limit_bytes, pids)

    def _save(self) -> None:
        running = self._crew.serving is not None and not self._told
        running = running and self._exit_status is None
        course = replace(self._course, served_since_s=None)
        record = Record(self._options.main.revision, self._boot, running, course)
        content = encode(record)
        if content == self._written:
            return
        self._written = content
        try:
            self._file.write(record)
        except OSError as error:
            # It still serves; only a new container would not know of it.
            log("record_not_written", "error", message=str(error))


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        # Without it no two containers are known to be of one boot: none counts the other's ends.
        return os.urandom(8).hex()
