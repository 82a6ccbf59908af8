"""What the ground is told about the artifacts on board. Pure."""

from collections.abc import Collection, Mapping, Sequence

from perigee_api.heartbeat import ArtifactReport, ArtifactState, AssignedArtifact
from perigee_edge.artifacts.attempts import Attempt
from perigee_edge.artifacts.held import Held

_MAX_MESSAGE_CHARACTERS = 300


def artifact_reports(
    wanted: Sequence[AssignedArtifact],
    held: Collection[Held],
    attempts: Mapping[AssignedArtifact, Attempt],
) -> dict[str, ArtifactReport]:
    """The state of each artifact: the assigned ones in order, then others that are complete.

    A complete file counts as verified: it was when it got its name, and it is taken away as soon
    as a later check finds it damaged.
    """
    complete = {one.sha256: one for one in held if one.complete}
    partial_bytes = {one.sha256: one.size_bytes for one in held if not one.complete}
    reports: dict[str, ArtifactReport] = {}
    for artifact in wanted:
        if artifact.sha256 in complete:
            reports[artifact.sha256] = _verified(complete[artifact.sha256])
        else:
            reports[artifact.sha256] = _missing(
                artifact, partial_bytes.get(artifact.sha256, 0), attempts.get(artifact)
            )
    for sha256, one in complete.items():
        reports.setdefault(sha256, _verified(one))
    return reports


def _verified(one: Held) -> ArtifactReport:
    return ArtifactReport(state=ArtifactState.VERIFIED, fetched_bytes=one.size_bytes)


def _missing(
    artifact: AssignedArtifact, fetched_bytes: int, attempt: Attempt | None
) -> ArtifactReport:
    message = str(attempt.error)[:_MAX_MESSAGE_CHARACTERS] if attempt else None
    if attempt is None or attempt.rejection is None:
        return ArtifactReport(
            state=ArtifactState.FETCHING, fetched_bytes=fetched_bytes, message=message
        )
    return ArtifactReport(
        state=ArtifactState.FAILED,
        fetched_bytes=fetched_bytes,
        reason=attempt.rejection.reason.value,
        message=message,
        uri=artifact.uri,
    )
