"""The shadow of a rollout: kept in its status, and decided by what is kept."""

import math
from datetime import datetime

from perigee_api.inference_model import RolloutStatus
from perigee_api.shadow import ShadowStatus
from perigee_operator.domain.analysis.agreement_finding import agreement_findings, without_data
from perigee_operator.domain.analysis.compared import Shadowed
from perigee_operator.domain.rollout.analysis import Findings
from perigee_operator.domain.rollout.carried_on import carried_on, is_of
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.shadow_status import (
    begun_status,
    is_news,
    key_of,
    shadowed_of,
    status_of,
)
from perigee_operator.domain.rollout.shadow_terms import ShadowTerms, read
from perigee_operator.domain.rollout.wave import Stage


def shadowed_on(
    status: RolloutStatus,
    stage: Stage,
    fresh: Shadowed | None,
    *,
    ready: bool,
    now: datetime,
) -> RolloutStatus:
    """The status with what was found of the candidate's answers.

    Args:
        status: of the rollout.
        stage: how far it has come.
        fresh: what was found by now; None: nothing.
        ready: the candidate is verified in its wave: the step may begin.
        now: the moment.
    """
    kept = carried_on(
        status.shadow,
        _written(stage),
        stage,
        ready=ready,
        begun=lambda index, terms: begun_status(index, terms, now),
        renewed=lambda kept, terms: _renewed(kept, terms, fresh),
    )
    return status if kept == status.shadow else status.model_copy(update={"shadow": kept})


def shadow_findings(
    status: RolloutStatus, stage: Stage, progress: WaveProgress, now: datetime
) -> Findings:
    """What was found of the candidate's answers, with the index of the step."""
    written, kept = _written(stage), status.shadow
    if written is None or kept is None:
        return ()
    index, terms = written
    if not is_of(kept, index, terms):
        return ()
    agreement = shadowed_of(kept).agreement
    wave = sorted(satellite.node.name for satellite in progress.wave)
    tolerated = math.floor(len(wave) * progress.unreachable_percent / 100)
    silent = without_data(agreement, terms.rules, wave, tolerated)
    found = agreement_findings(agreement, terms.rules, terms.policies, silent, kept.started, now)
    return tuple((index, finding) for finding in found)


def shadow_percent(stage: Stage, state: RolloutState) -> int:
    """Share of the requests that are to be handed on to the candidate; 0 where none are."""
    steps = [step.shadow for step in stage.begun if step.shadow is not None]
    return steps[-1].percent if steps and state.stable is not None else 0


def _renewed(kept: ShadowStatus, terms: ShadowTerms, fresh: Shadowed | None) -> ShadowStatus:
    if fresh is None or fresh.key != key_of(kept) or not is_news(kept, terms.rules, fresh):
        return kept
    return status_of(kept, terms.rules, fresh)


def _written(stage: Stage) -> tuple[int, ShadowTerms] | None:
    """The shadow of the step under way, or of one before, with its step."""
    for index, step in enumerate(stage.begun):
        if step.shadow is not None:
            return index, read(step.shadow)
    return None
