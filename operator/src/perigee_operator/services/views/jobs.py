"""Views of Jobs that measure, and of their Pods."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from perigee_api import names
from perigee_operator.domain.analysis.job_outcome import ContainerEnd, Ending, JobRun, PodRun
from perigee_operator.domain.kinds import JOB
from perigee_operator.domain.odd import UnviewableError, moment, rows, table, text, whole
from perigee_operator.domain.rollout.measuring_job import MeasuringJob
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.services.views.common import annotations_of, identity, is_true, labels_of

_ENDINGS: Final = {ending.value: ending for ending in Ending}
"""By type of condition."""
LONGEST_NUMBER: Final = 9
"""Digits of a measurement's number."""
WORDS_LIMIT: Final = 160
"""Characters of what the kubelet and the scheduler say."""


def job_run(job: Json, pods: Iterable[Json]) -> JobRun:
    """A Job with its Pods, as it is judged.

    Raises:
        UnviewableError: nobody can tell which it is, or since when it has been there.
    """
    own, status = identity(job), table(job.get("status"))
    end = _end(status)
    return JobRun(
        name=own.name,
        created_at=_created_at(job),
        pods=tuple(_pod_run(pod) for pod in pods if _is_of(pod, own.uid)),
        ending=_ENDINGS[text(end["type"])] if end else None,
        ended_at=moment(end.get("lastTransitionTime")) if end else None,
        reason=text(end.get("reason")) if end else "",
        suspended=is_true(status, "Suspended"),
    )


def measuring_job(job: Json) -> MeasuringJob:
    """A Job, as it is looked at when others go.

    Raises:
        UnviewableError: it does not say which measurement of which model it is.
    """
    own, number = identity(job), annotations_of(job).get(names.MEASUREMENT_ANNOTATION, "")
    owners = [row for row in rows(job["metadata"].get("ownerReferences")) if row.get("controller")]
    if not (owners and number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
        message = "a Job that measures names no owner or no measurement"
        raise UnviewableError(message)
    return MeasuringJob(
        key=ObjectKey(JOB, own.name, own.namespace),
        uid=own.uid,
        model_uid=text(owners[0].get("uid")),
        series=labels_of(job).get(names.SERIES_LABEL, ""),
        number=int(number),
        ended=_end(table(job.get("status"))) is not None,
    )


def _end(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    conditions = [row for row in rows(status.get("conditions")) if row.get("status") == "True"]
    return next((row for row in conditions if text(row.get("type")) in _ENDINGS), None)


def _pod_run(pod: Json) -> PodRun:
    status = table(pod.get("status"))
    containers, before = (
        rows(status.get(field)) for field in ("containerStatuses", "initContainerStatuses")
    )
    return PodRun(
        created_at=_created_at(pod),
        ends=_ends(containers),
        init_ends=_ends(before),
        waiting=next(filter(None, map(_waiting, [*before, *containers])), ""),
        unplaced=_told(status, "PodScheduled", "False"),
        disrupted=_told(status, "DisruptionTarget", "True") or _words(status),
    )


def _ends(containers: Iterable[Mapping[str, Any]]) -> tuple[ContainerEnd, ...]:
    return tuple(
        ContainerEnd(
            name=text(container.get("name")),
            exit_status=whole(ended.get("exitCode")) or 0,
            reason=text(ended.get("reason")),
            message=text(ended.get("message")),
        )
        for container in containers
        if (ended := table(table(container.get("state")).get("terminated")))
    )


def _waiting(container: Mapping[str, Any]) -> str:
    return _words(table(table(container.get("state")).get("waiting")))


def _told(status: Mapping[str, Any], type_: str, value: str) -> str:
    """What a condition says, if it has that value."""
    for row in rows(status.get("conditions")):
        if (row.get("type"), row.get("status")) == (type_, value):
            return _words(row) or type_
    return ""


def _words(said: Mapping[str, Any]) -> str:
    return ": ".join(filter(None, (text(said.get("reason")), text(said.get("message")))))[
        :WORDS_LIMIT
    ]


def _is_of(pod: Json, job_uid: str) -> bool:
    """Whether a Job controls it: its labels anybody may have given it."""
    owners = rows(table(pod.get("metadata")).get("ownerReferences"))
    return any(row.get("uid") == job_uid and row.get("controller") for row in owners)


def _created_at(item: Json) -> datetime:
    return moment(table(item.get("metadata")).get("creationTimestamp"))
