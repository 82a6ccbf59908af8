"""A model of which any plan would break what must hold: nothing of it is touched."""

from collections.abc import Mapping
from datetime import datetime

from perigee_api.inference_model import ModelPhase
from perigee_operator.domain.condition import Verdict, renewed
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.effects import status_writes
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.model_status import MESSAGE_LIMIT
from perigee_operator.domain.rollout.note import Note, extended
from perigee_operator.domain.rollout.unchanged import (
    ahead_as_it_is,
    files_as_they_are,
    labels_as_they_are,
)
from perigee_operator.domain.rollout.watchdog import INVARIANTS_HOLD
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import Track


def left_as_it_is(
    model: ModelView,
    satellites: Mapping[str, Satellite],
    verdict: Verdict,
    notes: tuple[Note, ...],
    now: datetime,
) -> ModelDecision:
    """The model keeps what it has; what people have asked of it stays unanswered until it goes on.

    Args:
        model: the model.
        satellites: by Node name.
        verdict: what is broken.
        notes: what is announced of it.
        now: the moment.
    """
    others = [c for c in model.status.conditions if c.type != INVARIANTS_HOLD]
    found = renewed(model.status.conditions, {INVARIANTS_HOLD: verdict}, now, model.generation)
    message = (
        f"Nothing of it is changed: what is planned would break an invariant, {verdict.message}."
    )
    status = model.status.model_copy(
        update={
            "phase": ModelPhase.WAITING,
            "message": message[:MESSAGE_LIMIT],
            "conditions": sorted([*others, *found], key=lambda condition: condition.type),
            "observed_generation": model.generation,
            "history": extended(model.status.history, notes, now),
        }
    )
    return ModelDecision(
        Track(model.key, tuple(status_writes(model, status, notes, now))),
        labels_as_they_are(model, satellites),
        files_as_they_are(model, satellites),
        ahead=ahead_as_it_is(model, satellites),
    )
