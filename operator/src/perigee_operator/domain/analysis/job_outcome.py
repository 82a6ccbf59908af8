"""What a Job says that was run as one measurement of a metric.

Exit status 0 is an answer, and any other a failure of the candidate, if a container of the test
itself has ended so. Whatever kept the test from being run to its end says nothing of the candidate:
an image that does not come, no room, no quota, a deadline, an eviction, no memory. That is a source
that is down. Other than in Argo Rollouts a Job can also give values, by its termination message.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.record import (
    Measurement,
    Record,
    Result,
    all_measured,
    source_down,
)

STARTS_WITHIN_S: Final = 60.0
"""So long a Job may take to start before it counts as held up: images have to come."""
HELD_UP_AGAIN_S: Final = 15.0
"""Between two looks at a Job that is held up."""
RETRY_S: Final = 60.0
"""At the least between a Job that gave no answer and the next: none is made anew in haste."""
SHORTEST_LOOK_S: Final = 1.0
LONGEST_LOOK_S: Final = 15.0
"""Between two looks at a Job that runs: a tenth of what it has taken so far."""

_VALUE: Final = re.compile(r"^\s*value\s+(\S+)\s*$", re.MULTILINE)
_NOT_BY_ITSELF: Final = frozenset(
    {"OOMKilled", "StartError", "ContainerCannotRun", "ContainerStatusUnknown"}
)
"""Reasons of the kubelet for a container's end that say nothing of what ran in it."""
_ON_ITS_WAY: Final = frozenset({"", "ContainerCreating", "PodInitializing"})


class Ending(Enum):
    """How a Job has ended."""

    COMPLETE = "Complete"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class ContainerEnd:
    """A container that has ended."""

    name: str
    exit_status: int
    reason: str = ""
    message: str = ""
    """Its termination message."""


@dataclass(frozen=True, slots=True)
class PodRun:
    """A Pod of the Job."""

    created_at: datetime
    ends: tuple[ContainerEnd, ...] = ()
    """Of the containers of the test."""
    init_ends: tuple[ContainerEnd, ...] = ()
    waiting: str = ""
    """Reason and message, where a container cannot start."""
    unplaced: str = ""
    """Why no Node takes it, in the scheduler's words."""
    disrupted: str = ""
    """Why it was ended by somebody: evicted, preempted, its Node lost."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """A Job that measures, as it is now."""

    name: str
    created_at: datetime
    pods: tuple[PodRun, ...] = ()
    """In no order."""
    ending: Ending | None = None
    ended_at: datetime | None = None
    reason: str = ""
    """Of its end: ``BackoffLimitExceeded``, ``DeadlineExceeded``…"""
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a Job has brought."""

    measurement: Measurement | None = None
    """None: it goes on."""
    again_s: float | None = None
    """When to look again; None: when the metric is due."""


def look(metric: Metric, run: JobRun, now: datetime) -> Look:
    """What a Job says now."""
    if run.ending is Ending.COMPLETE:
        measurement = _answer(metric, run, now)
        return Look(measurement, _retry_s(metric) if measurement.value_is_missing else None)
    if run.ending is Ending.FAILED:
        spoiled, failed = _spoiled(run), _failed_container(run)
        if spoiled or failed is None:
            why = spoiled or "no Pod of it has told an exit status"
            return Look(source_down(now, f"Job {run.name}: {why}"), _retry_s(metric))
        told = f"Job {run.name}: container {failed.name} has ended with {failed.exit_status}"
        return Look(Measurement(now, Result.FAIL, fault=told))
    age_s = (now - run.created_at).total_seconds()
    held_up = _held_up(run) if age_s >= STARTS_WITHIN_S else ""
    if held_up:
        return Look(source_down(now, f"Job {run.name}: {held_up}"), HELD_UP_AGAIN_S)
    return Look(None, min(max(age_s / 10, SHORTEST_LOOK_S), LONGEST_LOOK_S))


def is_spent(metric: Metric, run: JobRun, record: Record) -> bool:
    """Whether a Job that gave no answer has been counted, so that another takes its place.

    Until then it stays, so that people can read its logs; and an operator that dies meanwhile
    counts it once more at worst, which no limit is concerned with.
    """
    if run.ended_at is None or record.last is None or record.last.at < run.ended_at:
        return False
    measurement = look(metric, run, record.last.at).measurement
    return measurement is not None and measurement.value_is_missing


def _answer(metric: Metric, run: JobRun, now: datetime) -> Measurement:
    values = [value for pod in run.pods for end in pod.ends for value in _values(end.message)]
    if metric.success is None and metric.failure is None:
        return Measurement(now, Result.PASS, values[0] if values else None)
    if not values:
        words = "no termination message of it has a line 'value' and a number"
        return Measurement(now, Result.NO_DATA, fault=f"Job {run.name}: {words}")
    return all_measured(metric, values, now)


def _retry_s(metric: Metric) -> float:
    return max(metric.interval_s or 0, RETRY_S)


def _values(message: str) -> list[float]:
    found = []
    for text in _VALUE.findall(message):
        try:
            found.append(float(text))
        except ValueError:
            continue
    return found


def _newest(run: JobRun) -> PodRun | None:
    return max(run.pods, key=lambda pod: pod.created_at, default=None)


def _failed_container(run: JobRun) -> ContainerEnd | None:
    pod = _newest(run)
    return next((end for end in pod.ends if end.exit_status != 0), None) if pod else None


def _spoiled(run: JobRun) -> str:
    """What other than the test has ended it; empty if nothing has."""
    pod, failed = _newest(run), _failed_container(run)
    if run.reason == "DeadlineExceeded":
        held_up = _held_up(run) if pod else ""  # Pods that ran were ended with it.
        return f"it has passed its deadline{'; ' if held_up else ''}{held_up}"
    if pod is None:
        return ""
    if pod.disrupted:
        return pod.disrupted
    if failed is not None:
        words = f"container {failed.name}: {failed.reason}"
        return words if failed.reason in _NOT_BY_ITSELF else ""
    before = next((end for end in pod.init_ends if end.exit_status != 0), None)
    return f"init container {before.name} has ended with {before.exit_status}" if before else ""


def _held_up(run: JobRun) -> str:
    """Why it does not start; empty where it does."""
    if run.suspended:
        return "it is suspended"
    pod = _newest(run)
    if pod is None:
        return "no Pod of it could be made; kubectl describe tells why"
    if pod.unplaced:
        return f"no Node takes its Pod: {pod.unplaced}"
    return "" if pod.waiting.partition(":")[0] in _ON_ITS_WAY else pod.waiting
