from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import artifact, digest_of, model_spec
from paper_fleet.views import IMAGE, at, model_view, pod, satellite
from perigee_api.heartbeat import ArtifactReport, ArtifactState
from perigee_api.termination import Termination, TerminationReason
from perigee_operator.domain.container import ContainerView, EndView
from perigee_operator.domain.rollout.evidence import Evidence, Source, evidence_against, obstacles
from perigee_operator.domain.rollout.revision import new_revision

REVISION = new_revision(model_spec(golden=artifact(7)), IMAGE)


def container(restarts: int = 0, waiting: str = "", message: str = "") -> ContainerView:
    return ContainerView(
        ready=False, restarts=restarts, waiting=waiting, waiting_message=message, ended=None
    )


def gave_up(reason: TerminationReason, waiting: str = "") -> ContainerView:
    termination = Termination(reason=reason, message="agreement 0.41")
    return replace(container(waiting=waiting), ended=EndView("Error", 67, termination))


def crashing(
    restarts: int, exit_status: int | None, reason: str = "Error", waiting: str = "CrashLoopBackOff"
) -> ContainerView:
    return replace(container(restarts, waiting), ended=EndView(reason, exit_status, None))


def from_pods(*of: ContainerView, revision: str = REVISION.name, **more: Any) -> Evidence | None:
    failing = pod("p", revision, "sat-1", containers=of, **more)
    return evidence_against(model_view(pods=(failing,)), REVISION, [], at(0))


GOLDEN_FAILED = gave_up(TerminationReason.GOLDEN_SET_FAILED)
NO_ROUTE = 'failed to pull "r.example/denied:1": dial tcp: connect: network is unreachable'
NOT_FOUND = 'failed to resolve reference "r.example/a:1": r.example/a:1: not found'
NO_ENTRY = "pull access denied, repository does not exist or may require authorization"


@pytest.mark.parametrize(
    "reason", [r for r in TerminationReason if r is not TerminationReason.ARTIFACT_MISSING]
)
@pytest.mark.parametrize("waiting", ["", "CrashLoopBackOff"])
def test_a_server_that_gives_up_speaks_against_its_revision(
    reason: TerminationReason, waiting: str
) -> None:
    assert from_pods(gave_up(reason, waiting)) == Evidence(
        reason.value, f"Revision {REVISION.name} on sat-1: agreement 0.41"
    )


@pytest.mark.parametrize(
    ("found", "reason", "says"),
    [
        (container(waiting="InvalidImageName"), "CannotStart", "InvalidImageName"),
        (container(waiting="ErrImageNeverPull"), "CannotStart", "ErrImageNeverPull"),
        (container(waiting="ImageInspectError"), "CannotStart", "ImageInspectError"),
        (
            container(waiting="CreateContainerConfigError", message='secret "s" not found'),
            "CannotStart",
            "cannot start, CreateContainerConfigError: secret",
        ),
        (container(waiting="ErrImagePull", message=NOT_FOUND), "CannotStart", "not found"),
        (container(waiting="ImagePullBackOff", message=NO_ENTRY), "CannotStart", "access denied"),
        (
            container(waiting="ErrImagePull", message="401 Unauthorized"),
            "CannotStart",
            "Unauthorized",
        ),
        (container(waiting="ErrImagePull", message="manifest unknown"), "CannotStart", "manifest"),
        (crashing(3, 1), "Crashing", "crashed 3 times, last by Error with exit status 1"),
        (crashing(9, 0, "Completed"), "Crashing", "crashed 9 times, last by Completed with exit"),
        (crashing(3, 137, "OOMKilled"), "Crashing", "crashed 3 times, last by OOMKilled with"),
    ],
)
def test_a_container_that_no_time_mends_speaks(
    found: ContainerView, reason: str, says: str
) -> None:
    evidence = from_pods(found)
    assert evidence is not None
    assert (evidence.reason, evidence.source) == (reason, Source.POD)
    assert says in evidence.message


@pytest.mark.parametrize(
    "found",
    [
        container(),
        container(waiting="ContainerCreating"),
        container(waiting="ErrImagePull", message=NO_ROUTE),
        container(waiting="ImagePullBackOff", message="Back-off pulling image"),
        container(waiting="CreateContainerError", message="context deadline exceeded"),
        container(waiting="RunContainerError"),
        container(3, "CrashLoopBackOff"),
        crashing(2, 1),
        crashing(3, 1, waiting=""),
        replace(crashing(9, 1), ready=True),
        replace(GOLDEN_FAILED, ready=True),
        # What a satellite ran when it lost power.
        crashing(7, 137),
        crashing(7, 143),
        crashing(7, 255),
        crashing(7, 255, "Unknown"),
        crashing(7, 0, "Unknown"),
        # A copy on board that is gone or damaged is the satellite's.
        gave_up(TerminationReason.ARTIFACT_MISSING),
        replace(gave_up(TerminationReason.ARTIFACT_MISSING, "CrashLoopBackOff"), restarts=9),
    ],
)
def test_what_time_or_the_satellite_mends_does_not_speak(found: ContainerView) -> None:
    assert from_pods(found) is None


def test_neither_a_pod_that_goes_nor_one_of_another_revision_speaks() -> None:
    assert from_pods(GOLDEN_FAILED, deleting=True) is None
    assert from_pods(GOLDEN_FAILED, revision="other") is None


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (container(waiting="ErrImagePull", message=NO_ROUTE), f"ErrImagePull: {NO_ROUTE}"),
        (container(waiting="RunContainerError"), "RunContainerError"),
        (crashing(1, 1), "CrashLoopBackOff: Error with exit status 1"),
        (container(1, "CrashLoopBackOff", "back-off 40s"), "CrashLoopBackOff: an unknown end"),
        (
            gave_up(TerminationReason.ARTIFACT_MISSING, "CrashLoopBackOff"),
            "CrashLoopBackOff: agreement 0.41",
        ),
        (container(), None),
        (container(waiting="ContainerCreating"), None),
        (replace(container(waiting="ErrImagePull"), ready=True), None),
    ],
)
def test_why_a_pod_does_not_start_is_known_by_its_node(
    found: ContainerView, says: str | None
) -> None:
    pods = (
        pod("a", REVISION.name, "sat-1", containers=(found,)),
        pod("b", REVISION.name, None, containers=(found,)),
        pod("c", "other", "sat-2", containers=(found,)),
    )
    expected = {} if says is None else {"sat-1": says}
    assert obstacles(model_view(pods=pods), REVISION) == expected


@pytest.mark.parametrize("number", [1, 7])
@pytest.mark.parametrize(
    ("state", "reason", "speaks"),
    [
        (ArtifactState.FAILED, "DigestMismatch", True),
        (ArtifactState.FAILED, "SizeMismatch", True),
        (ArtifactState.FAILED, "NotFound", True),
        (ArtifactState.FAILED, "Refused", True),
        (ArtifactState.FAILED, "NoRoom", False),
        (ArtifactState.FAILED, None, False),
        (ArtifactState.FETCHING, "DigestMismatch", False),
        (ArtifactState.VERIFIED, None, False),
    ],
)
def test_an_artifact_that_is_wrong_everywhere_speaks_and_one_without_room_does_not(
    *, number: int, state: ArtifactState, reason: str | None, speaks: bool
) -> None:
    uri = f"http://depot/{number}"
    reports = {digest_of(number): ArtifactReport(state=state, reason=reason, uri=uri)}
    reporting = satellite(artifacts=reports, told_at=at(0))
    found = evidence_against(model_view(), REVISION, [reporting], at(0))
    assert (found is not None) is speaks
    if found is not None:
        assert (found.reason, found.source) == (reason, Source.FILE)
        assert f"http://depot/{number}" in found.message


@pytest.mark.parametrize("uri", [None, "http://depot/elsewhere"])
def test_what_failed_under_another_address_does_not_speak(uri: str | None) -> None:
    failed = ArtifactReport(state=ArtifactState.FAILED, reason="NotFound", uri=uri)
    found = satellite(artifacts={digest_of(1): failed}, told_at=at(0))
    assert evidence_against(model_view(), REVISION, [found], at(0)) is None


@pytest.mark.parametrize(
    ("told_s", "speaks"), [(None, False), (-1000, False), (59, False), (60, True), (90, True)]
)
def test_a_report_speaks_only_of_the_attempt_that_its_satellite_was_told_of(
    *, told_s: float | None, speaks: bool
) -> None:
    failed = ArtifactReport(state=ArtifactState.FAILED, reason="NotFound", uri="http://depot/1")
    told_at = None if told_s is None else at(told_s)
    found = satellite(artifacts={digest_of(1): failed}, told_at=told_at)
    assert (evidence_against(model_view(), REVISION, [found], at(60)) is not None) is speaks
