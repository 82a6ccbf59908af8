"""How a rollout has ended, from a model's status before and after."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from perigee_api.inference_model import InferenceModelStatus, RolloutStatus

REASONS: Final = frozenset(
    {
        "AbortedByPerson",
        "AnalysisFailed",
        "CannotStart",
        "ConfigurationInvalid",
        "Crashing",
        "DeadlineExceeded",
        "DigestMismatch",
        "GoldenSetFailed",
        "ModelUnreadable",
        "NotFound",
        "Refused",
        "RolledBackOnBoard",
        "SizeMismatch",
    }
)
"""Why rollouts are aborted."""
OTHER: Final = "Other"
"""Any other reason: what somebody has written into a status is no label."""
SPEC_CHANGED: Final = "SpecChanged"
ROLLED_BACK: Final = "RolledBack"
"""A person has chosen a revision from before."""


class Outcome(StrEnum):
    """How a rollout has ended."""

    PROMOTED = "Promoted"
    WENT_BACK = "WentBack"
    ABORTED = "Aborted"
    SUPERSEDED = "Superseded"


@dataclass(frozen=True, slots=True)
class Ended:
    """A rollout that is over."""

    outcome: Outcome
    reason: str
    """Why it was aborted or superseded; empty otherwise."""
    lasted_s: float


def ended(before: InferenceModelStatus, after: InferenceModelStatus, now: datetime) -> Ended | None:
    """How the rollout that was under way has ended; None if there was none, or it goes on."""
    rollout = before.rollout
    if rollout is None or _is_same(rollout, after.rollout):
        return None
    outcome, reason = _outcome(before, rollout, after)
    return Ended(outcome, reason, max(0.0, (now - rollout.started).total_seconds()))


def _is_same(one: RolloutStatus, other: RolloutStatus | None) -> bool:
    return other is not None and (one.candidate, one.started) == (other.candidate, other.started)


def _outcome(
    before: InferenceModelStatus, rollout: RolloutStatus, after: InferenceModelStatus
) -> tuple[Outcome, str]:
    if after.stable_revision == rollout.candidate:
        went_back = rollout.direct and before.stable_revision is not None
        return (Outcome.WENT_BACK if went_back else Outcome.PROMOTED), ""
    if after.aborted is not None and after.aborted.revision == rollout.candidate:
        reason = after.aborted.reason
        return Outcome.ABORTED, reason if reason in REASONS else OTHER
    by_person = after.pinned is not None and after.pinned != before.pinned
    return Outcome.SUPERSEDED, ROLLED_BACK if by_person else SPEC_CHANGED
