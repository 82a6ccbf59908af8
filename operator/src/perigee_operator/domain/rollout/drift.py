"""The drift of a rollout's candidate: kept in its status, and decided by what is kept."""

from datetime import datetime

from perigee_api.drift import DriftStatus
from perigee_api.inference_model import RolloutStatus
from perigee_operator.domain.analysis.compared import Drifted
from perigee_operator.domain.analysis.drift_finding import drift_findings
from perigee_operator.domain.rollout.analysis import Findings
from perigee_operator.domain.rollout.carried_on import carried_on, is_of
from perigee_operator.domain.rollout.drift_status import (
    begun_status,
    drifted_of,
    is_news,
    key_of,
    status_of,
)
from perigee_operator.domain.rollout.drift_terms import DriftTerms, drift_of, read
from perigee_operator.domain.rollout.wave import Stage


def drifted_on(
    status: RolloutStatus, stage: Stage, fresh: Drifted | None, *, ready: bool, now: datetime
) -> RolloutStatus:
    """The status with what was found of the candidate's drift.

    Args:
        status: of the rollout.
        stage: how far it has come.
        fresh: what was found by now; None: nothing.
        ready: the candidate is verified in its wave: the step's own analysis may begin.
        now: the moment.
    """
    kept = carried_on(
        status.drift,
        _written(stage),
        stage,
        ready=ready,
        begun=lambda index, terms: begun_status(index, terms, now),
        renewed=lambda kept, terms: _renewed(kept, terms, fresh),
    )
    return status if kept == status.drift else status.model_copy(update={"drift": kept})


def drifts_findings(status: RolloutStatus, stage: Stage, now: datetime) -> Findings:
    """What was found of each feature, with the index of the step."""
    written, kept = _written(stage), status.drift
    if written is None or kept is None:
        return ()
    index, terms = written
    if not is_of(kept, index, terms):
        return ()
    drifts = drifted_of(kept).drifts
    found = drift_findings(drifts, terms.rules, terms.policies, kept.started, now)
    return tuple((index, finding) for finding in found)


def _renewed(kept: DriftStatus, terms: DriftTerms, fresh: Drifted | None) -> DriftStatus:
    if fresh is None or fresh.key != key_of(kept) or not is_news(kept, terms.rules, fresh):
        return kept
    return status_of(kept, terms.rules, fresh)


def _written(stage: Stage) -> tuple[int, DriftTerms] | None:
    """The drift of the step under way, or of one before, with its step."""
    for index, step in enumerate(stage.begun):
        drift = drift_of(step)
        if drift is not None:
            return index, read(drift)
    return None
