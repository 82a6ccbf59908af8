"""The comparison of a rollout: kept in its status, and decided by what is kept."""

from datetime import datetime

from perigee_api.comparison import ComparisonStatus
from perigee_api.inference_model import RolloutStatus
from perigee_operator.domain.analysis.compared import Compared
from perigee_operator.domain.analysis.comparison_finding import comparison_findings
from perigee_operator.domain.rollout.analysis import Findings
from perigee_operator.domain.rollout.carried_on import carried_on, is_of
from perigee_operator.domain.rollout.comparison_status import (
    begun_status,
    compared_of,
    is_news,
    key_of,
    status_of,
)
from perigee_operator.domain.rollout.comparison_terms import ComparisonTerms, comparison_of, read
from perigee_operator.domain.rollout.wave import Stage


def compared_on(
    status: RolloutStatus,
    stage: Stage,
    fresh: Compared | None,
    *,
    ready: bool,
    now: datetime,
) -> RolloutStatus:
    """The status with what was compared.

    Args:
        status: of the rollout.
        stage: how far it has come.
        fresh: what was compared by now; None: nothing.
        ready: the candidate is verified in its wave: the comparison of the step may begin.
        now: the moment.
    """
    kept = carried_on(
        status.comparison,
        _written(stage),
        stage,
        ready=ready,
        begun=lambda index, terms: begun_status(index, terms, now),
        renewed=lambda kept, terms: _renewed(kept, terms, fresh),
    )
    return status if kept == status.comparison else status.model_copy(update={"comparison": kept})


def compared_findings(status: RolloutStatus, stage: Stage, now: datetime) -> Findings:
    """What was found of each aspect that is compared, with the index of the step."""
    written, kept = _written(stage), status.comparison
    if written is None or kept is None:
        return ()
    index, terms = written
    if not is_of(kept, index, terms):
        return ()
    comparison = compared_of(kept, terms.rules).comparison
    found = comparison_findings(comparison, terms.rules, terms.policies, kept.started, now)
    return tuple((index, finding) for finding in found)


def _renewed(
    kept: ComparisonStatus, terms: ComparisonTerms, fresh: Compared | None
) -> ComparisonStatus:
    if fresh is None or fresh.key != key_of(kept) or not is_news(kept, terms.rules, fresh):
        return kept
    return status_of(kept, terms.rules, fresh)


def _written(stage: Stage) -> tuple[int, ComparisonTerms] | None:
    """The comparison of the step under way, or of one before, with its step."""
    for index, step in enumerate(stage.steps[: stage.index + 1]):
        comparison = comparison_of(step)
        if comparison is not None:
            return index, read(comparison)
    return None
