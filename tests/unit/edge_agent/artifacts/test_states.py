from perigee_api.heartbeat import ArtifactState, AssignedArtifact
from perigee_edge.artifacts.attempts import after_failure
from perigee_edge.artifacts.failures import FailureReason, Interrupted, Rejected
from perigee_edge.artifacts.held import Held
from perigee_edge.artifacts.states import artifact_reports

A, B, C = (AssignedArtifact(sha256=digit * 64, uri="http://depot/x", size=9) for digit in "abc")


def test_each_artifact_is_told_as_it_stands() -> None:
    held = [Held(A.sha256, 9, 0, complete=True), Held(B.sha256, 4, 0, complete=False)]
    reports = artifact_reports([B, A, C], held, {})
    assert list(reports) == [B.sha256, A.sha256, C.sha256]
    assert [one.state for one in reports.values()] == [
        ArtifactState.FETCHING,
        ArtifactState.VERIFIED,
        ArtifactState.FETCHING,
    ]
    assert [one.fetched_bytes for one in reports.values()] == [4, 9, 0]


def test_complete_ones_that_are_not_assigned_come_last_and_partial_ones_not_at_all() -> None:
    held = [Held(A.sha256, 9, 0, complete=True), Held(B.sha256, 4, 0, complete=False)]
    assert list(artifact_reports([C], held, {})) == [C.sha256, A.sha256]


def test_an_interruption_is_still_fetching_and_says_why_it_waits() -> None:
    report = artifact_reports([A], [], {A: after_failure(None, Interrupted("cut"), 0)})[A.sha256]
    assert (report.state, report.reason, report.message) == (ArtifactState.FETCHING, None, "cut")
    assert report.uri is None


def test_a_rejection_is_a_failure_with_its_reason_and_a_message_that_fits() -> None:
    error = Rejected(FailureReason.DIGEST_MISMATCH, "x" * 1000)
    report = artifact_reports([A], [], {A: after_failure(None, error, 0)})[A.sha256]
    assert (report.state, report.reason) == (ArtifactState.FAILED, "DigestMismatch")
    assert report.message == "x" * 300
    assert report.uri == A.uri
