"""Views of Pods, and what the kubelet reports of their containers."""

from collections import Counter
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from perigee_api import names
from perigee_api.termination import Termination
from perigee_operator.domain.container import ContainerView, EndView
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.odd import UnviewableError, moment, rows, table, text, whole
from perigee_operator.domain.rollout.pod_writes import DELETION_COST_ANNOTATION
from perigee_operator.domain.workloads.quantity import Amounts
from perigee_operator.domain.workloads.workload import PLACEMENT_ANNOTATION
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.common import (
    amounts_of,
    annotations_of,
    identity,
    is_true,
    labels_of,
)

WORKLOADS: Final = frozenset({"ReplicaSet", "DaemonSet"})
UNSCHEDULED_LIMIT: Final = 256
"""Characters of what the scheduler says."""


def pod_view(pod: Json) -> PodView:
    """A Pod of a model as the domain sees it.

    Raises:
        UnviewableError: nobody can tell which Pod it is, or since when it has been there; or it
            is no copy of a model.
    """
    own, status = identity(pod), table(pod.get("status"))
    if not _is_controlled(pod):
        # Anybody may label a Pod. Taken for a copy it would be counted, and ended like one.
        raise UnviewableError("no ReplicaSet or DaemonSet controls it")
    metadata, labels, spec = table(pod["metadata"]), labels_of(pod), table(pod.get("spec"))
    annotations = annotations_of(pod)
    containers = tuple(map(_container, rows(status.get("containerStatuses"))))
    created_at = moment(metadata.get("creationTimestamp"))
    verified = bool(containers) and all(c.ready for c in containers)
    return PodView(
        name=own.name,
        namespace=own.namespace or "",
        uid=own.uid,
        model=labels.get(names.MODEL_LABEL, ""),
        revision=labels.get(names.REVISION_LABEL, ""),
        node=text(spec.get("nodeName")) or None,
        labels=labels,
        deletion_cost=annotations.get(DELETION_COST_ANNOTATION),
        verified=verified,
        ready=is_true(status, "Ready"),
        deleting="deletionTimestamp" in metadata
        or text(status.get("phase")) in ("Failed", "Succeeded"),
        created_at=created_at,
        verified_at=_ready_since(status) or created_at if verified else None,
        refused=status.get("phase") == "Failed",
        containers=containers,
        requests=_requests(spec),
        unscheduled=_unscheduled(status),
        placement=annotations.get(PLACEMENT_ANNOTATION, ""),
    )


def _is_controlled(pod: Json) -> bool:
    return any(
        owner.get("controller") is True
        and text(owner.get("apiVersion")).startswith("apps/")
        and text(owner.get("kind")) in WORKLOADS
        for owner in rows(table(pod["metadata"]).get("ownerReferences"))
    )


def _ready_since(status: Json) -> datetime | None:
    """By the condition that the kubelet alone writes: the node controller touches Ready only."""
    for row in rows(status.get("conditions")):
        if row.get("type") == "ContainersReady" and row.get("status") == "True":
            return moment(row.get("lastTransitionTime"))
    return None


def _unscheduled(status: Json) -> str:
    """Without what the scheduler says of preemption, which tells the same once more."""
    for row in rows(status.get("conditions")):
        if (row.get("type"), row.get("status")) != ("PodScheduled", "False"):
            continue
        if row.get("reason") == "Unschedulable":
            why = text(row.get("message")).partition(" preemption:")[0].rstrip(".")
            return why[:UNSCHEDULED_LIMIT] or "Unschedulable"
    return ""


def _requests(spec: Json) -> Amounts:
    """What its containers have set aside together, whoever put them into the Pod."""
    total = Counter[str]()
    for container in rows(spec.get("containers")):
        resources = table(container.get("resources"))
        limits, requests = (amounts_of(resources.get(each)) for each in ("limits", "requests"))
        total.update({**limits, **requests})
    return dict(total)


def _container(status: Json) -> ContainerView:
    state = table(status.get("state"))
    waiting = table(state.get("waiting"))
    ended = state.get("terminated") or table(status.get("lastState")).get("terminated")
    return ContainerView(
        ready=status.get("ready") is True,
        restarts=whole(status.get("restartCount")) or 0,
        waiting=text(waiting.get("reason")),
        waiting_message=text(waiting.get("message")),
        ended=_end(table(ended)) if ended else None,
    )


def _end(terminated: Json) -> EndView:
    return EndView(
        reason=text(terminated.get("reason")),
        exit_status=whole(terminated.get("exitCode")),
        termination=_termination(terminated.get("message")),
    )


def _termination(message: Any) -> Termination | None:
    if not isinstance(message, str):
        return None
    try:
        return Termination.model_validate_json(message)
    except ValidationError:
        return None
