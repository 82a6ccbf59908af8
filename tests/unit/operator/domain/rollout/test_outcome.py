from typing import Any

import pytest

from paper_fleet.views import at
from perigee_api.inference_model import (
    AbortedRollout,
    InferenceModelStatus,
    PinnedRevision,
    RolloutStatus,
)
from perigee_operator.domain.rollout.outcome import Ended, Outcome, ended


def rollout(candidate: str = "b", began_s: float = 0, **more: Any) -> RolloutStatus:
    return RolloutStatus(candidate=candidate, started=at(began_s), step_started=at(began_s), **more)


def status(stable: str | None = "a", **more: Any) -> InferenceModelStatus:
    return InferenceModelStatus(stable_revision=stable, **more)


def given_up(reason: str) -> AbortedRollout:
    return AbortedRollout(revision="b", reason=reason, message="", time=at(50))


PINNED = PinnedRevision(revision="z", instead_of="b", by="alice", time=at(50))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (rollout(), status("b"), (Outcome.PROMOTED, "")),
        (rollout(), status("b", rollout=rollout("c", 60)), (Outcome.PROMOTED, "")),
        (rollout(direct=True), status("b"), (Outcome.WENT_BACK, "")),
        (
            rollout(),
            status(aborted=given_up("GoldenSetFailed")),
            (Outcome.ABORTED, "GoldenSetFailed"),
        ),
        (rollout(), status(aborted=given_up("whatever else")), (Outcome.ABORTED, "Other")),
        (rollout(), status(rollout=rollout("c", 60)), (Outcome.SUPERSEDED, "SpecChanged")),
        (rollout(), status(), (Outcome.SUPERSEDED, "SpecChanged")),
        (
            rollout(),
            status(rollout=rollout("z", 60, direct=True), pinned=PINNED),
            (Outcome.SUPERSEDED, "RolledBack"),
        ),
        # Tried again: it is another rollout.
        (
            rollout(),
            status(rollout=rollout("b", 60)),
            (Outcome.SUPERSEDED, "SpecChanged"),
        ),
    ],
)
def test_how_a_rollout_ends(
    before: RolloutStatus, after: InferenceModelStatus, expected: tuple[Outcome, str]
) -> None:
    assert ended(status(rollout=before), after, at(90)) == Ended(*expected, 90)


def test_a_first_revision_is_promoted() -> None:
    found = ended(status(None, rollout=rollout(direct=True)), status("b"), at(10))
    assert found == Ended(Outcome.PROMOTED, "", 10)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (status(), status()),
        (status(), status(rollout=rollout())),
        (status(rollout=rollout()), status(rollout=rollout(step=1, idle=True))),
    ],
)
def test_what_goes_on_or_was_not_has_not_ended(
    before: InferenceModelStatus, after: InferenceModelStatus
) -> None:
    assert ended(before, after, at(10)) is None
