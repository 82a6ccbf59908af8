"""RolloutActions: each is carried out once, answered, and kept for a while as a record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perigee_api.inference_model import HistoryEntry
from perigee_api.rollout_action import ActionState, RolloutActionSpec, RolloutActionStatus
from perigee_operator.domain.fleet import ActionView
from perigee_operator.domain.kinds import ROLLOUT_ACTION
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.verbs import (
    Bearings,
    RefusedActionError,
    carried_out,
)
from perigee_operator.domain.writes import Apply, Delete, EventType, ObjectKey, Track, Write

KEPT: Final = 20
"""Answered actions of a model that are kept."""

EVENT_REASONS: Final = {
    "Promote": "StepsPassedByPerson",
    "Skip": "StepPassedByPerson",
    "Pause": "RolloutPaused",
    "Resume": "RolloutResumed",
    "Abort": "RolloutAborted",
    "Retry": "RolloutRetried",
    "RollBack": "RolledBack",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What has become of the oldest action that nobody has answered, if there is one."""

    state: RolloutState
    writes: tuple[Write, ...] = ()
    """To be done once the model's own status is written."""
    notes: tuple[Note, ...] = ()
    more: bool = False
    """Others wait for their turn."""


def asked(
    actions: Sequence[ActionView],
    state: RolloutState,
    history: Sequence[HistoryEntry],
    bearings: Bearings,
) -> Asked:
    """Carries out the oldest action that nobody has answered.

    The model's status says which actions it has seen: an operator that dies between the two
    writes carries none out twice.
    """
    waiting = [action for action in actions if not action.answered]
    surplus = tuple(_surplus(actions))
    if not waiting:
        return Asked(state, surplus)
    action, more = waiting[0], len(waiting) > 1
    if action.spec is None:
        return Asked(state, (refusal(action, f"spec.{action.spec_error}", bearings.now), *surplus))
    done = next((entry for entry in history if entry.action == action.uid), None)
    if done is not None:
        answer = _answer(action, ActionState.DONE, done.message, done.time)
        return Asked(state, (answer, *surplus), more=more)
    try:
        after, message = carried_out(state, action.spec, bearings)
    except RefusedActionError as error:
        return Asked(state, (refusal(action, str(error), bearings.now), *surplus), more=more)
    note = _note(action, action.spec, message, state)
    answer = _answer(action, ActionState.DONE, message, bearings.now)
    return Asked(after, (answer, *surplus), (note,), more)


def refusal(action: ActionView, why: str, now: datetime) -> Apply:
    """The answer that nothing was done."""
    sentence = f"{why[:1].upper()}{why[1:].rstrip('.')}."
    return _answer(action, ActionState.REFUSED, sentence, now)


def lone_tracks(actions: Sequence[ActionView], now: datetime) -> Iterator[Track]:
    """Answers to actions of models that do not exist."""
    for action in actions:
        if not action.answered:
            model = action.spec.model if action.spec else ""
            fault = f"there is no InferenceModel {model} in namespace {action.namespace}"
            why = fault if action.spec else f"spec.{action.spec_error}"
            name = f"raction/{action.namespace}/{action.name}"
            yield Track(name, (refusal(action, why, now),))


def _note(action: ActionView, spec: RolloutActionSpec, message: str, before: RolloutState) -> Note:
    because = f" ({spec.reason})" if spec.reason else ""
    return Note(
        EventType.NORMAL,
        EVENT_REASONS[spec.verb.value],
        "Rollout",
        f"{spec.by} asked for {spec.verb.value}{because}: {message}",
        revision=spec.revision or before.candidate or "",
        by=spec.by,
        asked_by=action.uid,
    )


def _answer(action: ActionView, state: ActionState, message: str, now: datetime) -> Apply:
    status = RolloutActionStatus(
        state=state, message=message[:1000], time=now.replace(microsecond=0)
    )
    body = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Apply(_key(action), {"metadata": {"uid": action.uid}, "status": body}, "status")


def _surplus(actions: Sequence[ActionView]) -> Iterator[Delete]:
    answered = [action for action in actions if action.answered]
    for action in answered[: max(0, len(answered) - KEPT)]:
        yield Delete(_key(action), action.uid)


def _key(action: ActionView) -> ObjectKey:
    return ObjectKey(ROLLOUT_ACTION, action.name, action.namespace)
