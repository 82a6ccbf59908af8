"""What speaks against a candidate: the first thing found, as a sentence with the figures."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from perigee_api.heartbeat import ArtifactState
from perigee_api.termination import TerminationReason
from perigee_operator.domain.container import ContainerView, EndView
from perigee_operator.domain.fleet import ModelView, PodView
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.satellite import Satellite

ARTIFACT_FAULTS = frozenset({"DigestMismatch", "SizeMismatch", "NotFound", "Refused"})
"""Faults of an artifact itself; others (no room on board) are the satellite's."""

NEVER_STARTS = frozenset(
    {
        "CreateContainerConfigError",
        "ErrImageNeverPull",
        "ImageInspectError",
        "InvalidImageName",
    }
)
"""Reasons of a waiting container that lie in the Pod itself: no time mends them."""

PULL_FAILED = frozenset({"ErrImagePull", "ImagePullBackOff"})
"""An image that did not come: on a satellite's link that is mostly the link."""

REFUSALS = re.compile(r"not found|denied|unauthorized|manifest unknown", re.IGNORECASE)
"""How a registry's final no reads in what containerd reports."""

BACKING_OFF = "CrashLoopBackOff"

CRASHES_ALLOWED = 3
"""A container that has ended so often by itself, and for which the kubelet backs off, crashes."""

ENDED_FROM_OUTSIDE = frozenset({137, 143, 255})
"""SIGKILL, SIGTERM, and what containerd says of a container that it did not see end.

So ends what a satellite runs when it loses power; the container is not to blame.
"""

OUT_OF_MEMORY = "OOMKilled"
"""Ends with 137, too, but by the revision's own limit of memory."""

STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons for which every container waits at first."""


class Source(Enum):
    """What evidence is about."""

    POD = auto()
    """What runs cannot serve: only another revision mends that."""
    FILE = auto()
    """A file cannot be had, or is another: correcting the file is enough."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a revision is bad."""

    reason: str
    message: str
    source: Source = Source.POD


def evidence_against(
    model: ModelView, revision: Revision, satellites: Iterable[Satellite], since: datetime
) -> Evidence | None:
    """What is known against a revision: from the Pods that ran it, and from the agents.

    Args:
        model: the model.
        revision: one of its revisions.
        satellites: those whose agents count.
        since: when the rollout of the revision began.
    """
    return _from_pods(model, revision) or _from_reports(revision, satellites, since)


def obstacles(model: ModelView, revision: Revision) -> dict[str, str]:
    """Why Pods of a revision do not start, by Node, in the kubelet's words."""
    return {
        pod.node: obstacle
        for pod in model.pods_of(revision.name)
        for obstacle in map(_obstacle, pod.containers)
        if pod.node is not None and obstacle is not None
    }


def _from_pods(model: ModelView, revision: Revision) -> Evidence | None:
    for pod in sorted(model.pods_of(revision.name), key=lambda p: p.name):
        for container in pod.containers:
            fault = _fault(container)
            if fault is not None:
                return Evidence(fault[0], f"{_where(revision, pod)}: {fault[1]}")
    return None


def _where(revision: Revision, pod: PodView) -> str:
    return f"Revision {revision.name} on {pod.node or 'no satellite'}"


def _fault(container: ContainerView) -> tuple[str, str] | None:
    """Reason and sentence, where a container shows that its revision is bad."""
    if container.ready:
        return None
    termination = container.ended.termination if container.ended else None
    if termination is not None:
        # A copy that is gone or damaged on board is the satellite's: it is fetched again.
        missing = termination.reason is TerminationReason.ARTIFACT_MISSING
        return None if missing else (termination.reason.value, termination.message)
    if _never_starts(container):
        return "CannotStart", f"cannot start, {container.waiting}: {container.waiting_message}"
    if _crashes(container):
        how = _how(container.ended)
        return "Crashing", f"crashed {container.restarts} times, last by {how}"
    return None


def _never_starts(container: ContainerView) -> bool:
    if container.waiting in PULL_FAILED:
        # The name of an image stands in quotes; it says nothing about the registry's answer.
        return REFUSALS.search(re.sub(r'"[^"]*"', "", container.waiting_message)) is not None
    return container.waiting in NEVER_STARTS


def _crashes(container: ContainerView) -> bool:
    if container.waiting != BACKING_OFF or container.restarts < CRASHES_ALLOWED:
        return False
    ended = container.ended
    if ended is None or ended.reason == "Unknown":
        return False
    return ended.reason == OUT_OF_MEMORY or ended.exit_status not in ENDED_FROM_OUTSIDE


def _how(ended: EndView | None) -> str:
    if ended is None:
        return "an unknown end"
    return f"{ended.reason or 'Error'} with exit status {ended.exit_status}"


def _obstacle(container: ContainerView) -> str | None:
    if container.ready or container.waiting in STARTING:
        return None
    if container.waiting == BACKING_OFF:
        # The kubelet's own message counts the seconds of its pause, and so changes all the time.
        termination = container.ended.termination if container.ended else None
        how = termination.message if termination else _how(container.ended)
        return f"{container.waiting}: {how}"
    return f"{container.waiting}: {container.waiting_message}".removesuffix(": ")


def _from_reports(
    revision: Revision, satellites: Iterable[Satellite], since: datetime
) -> Evidence | None:
    for satellite in satellites:
        if satellite.told_at is None or satellite.told_at < since:
            # It reports of an attempt before, after which the file may have been corrected.
            continue
        for artifact in revision.artifacts:
            report = satellite.report_of(artifact)
            if report is None or report.state is not ArtifactState.FAILED:
                continue
            if report.reason in ARTIFACT_FAULTS:
                return Evidence(
                    report.reason,
                    f"Revision {revision.name} on {satellite.name}: "
                    f"{report.message or report.reason} ({artifact.uri})",
                    Source.FILE,
                )
    return None
