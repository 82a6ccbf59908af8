"""What an InferenceModel's status says."""

from dataclasses import dataclass
from datetime import datetime

from perigee_api import names
from perigee_api.inference_model import (
    InferenceModelStatus,
    ModelPhase,
    PinnedRevision,
    Step,
    WaitingRevision,
)
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.condition import Verdict, renewed
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.placement.eligibility import objection
from perigee_operator.domain.rollout.beginning import Wait
from perigee_operator.domain.rollout.judgement import Judgement
from perigee_operator.domain.rollout.model_reach import in_reach
from perigee_operator.domain.rollout.note import extended
from perigee_operator.domain.rollout.rolled_back import ROLLED_BACK, rolled_back_verdict
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.unplaced import unplaced
from perigee_operator.domain.rollout.wave import stage_of

MESSAGE_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Serving:
    """How many copies serve."""

    active: int
    candidate: int
    verified_stable: int


def model_status(
    situation: Situation, judgement: Judgement, serving: Serving, wave_size: int, now: datetime
) -> InferenceModelStatus:
    """The status after a judgement."""
    model, state = situation.model, judgement.state
    phase, message = _phase(situation, judgement, serving)
    if model.name_taken is not None and phase is not ModelPhase.PAUSED:
        phase, message = ModelPhase.DEGRADED, model.name_taken
    verdicts = _verdicts(state, phase, message, serving)
    if model.name_taken is not None:
        verdicts["NameTaken"] = Verdict(holds=True, reason="Taken", message=model.name_taken)
    verdicts |= situation.clearance.conditions
    if (gone_back := rolled_back_verdict(situation, state.stable)) is not None:
        verdicts[ROLLED_BACK] = gone_back
    if situation.spec.placement.keep_in_reach:
        verdicts["InReach"] = in_reach(situation, state)
    conditions = renewed(model.status.conditions, verdicts, now, model.generation)
    rollout = state.rollout
    if rollout is not None:
        asked = stage_of(situation.spec.rollout, rollout).weight
        change = {"wave": wave_size, "weight": asked, "idle": judgement.idle}
        rollout = rollout.model_copy(update={**change, "next_wave": judgement.next_wave})
    return InferenceModelStatus(
        phase=phase,
        message=message[:MESSAGE_LIMIT],
        conditions=conditions,
        observed_generation=model.generation,
        stable_revision=state.stable,
        candidate_revision=state.candidate,
        previous_revision=state.previous,
        rollout=rollout,
        waiting=_waiting(model.status.waiting, judgement.wait, now),
        aborted=state.aborted,
        pinned=state.pinned,
        move=situation.move,
        history=extended(model.status.history, judgement.notes, now),
        replicas=serving.verified_stable,
        active=serving.active,
        weight=round(100 * serving.candidate / serving.active) if serving.active else 0,
        selector=f"{names.MODEL_LABEL}={model.name},{names.ACTIVE_LABEL}=true",
    )


def _waiting(
    before: WaitingRevision | None, wait: Wait | None, now: datetime
) -> WaitingRevision | None:
    """What waits to be begun, and since when, for whatever reason."""
    if wait is None:
        return None
    stands = before is not None and before.revision == wait.revision
    since = before.since if before is not None and stands else now.replace(microsecond=0)
    return WaitingRevision(
        revision=wait.revision, reason=wait.reason, since=since, place=wait.place
    )


def invalid_status(model: ModelView, active: int, now: datetime) -> InferenceModelStatus:
    """The status of a model whose spec makes no sense: what serves goes on serving."""
    message = f"spec is not valid: {model.spec_error}"
    verdict = {"SpecValid": Verdict(holds=False, reason="Invalid", message=message)}
    return model.status.model_copy(
        update={
            "phase": ModelPhase.DEGRADED if model.status.stable_revision else ModelPhase.PENDING,
            "message": message[:MESSAGE_LIMIT],
            "active": active,
            "conditions": renewed(model.status.conditions, verdict, now, model.generation),
            "observed_generation": model.generation,
        }
    )


def _phase(situation: Situation, judgement: Judgement, serving: Serving) -> tuple[ModelPhase, str]:
    state = judgement.state
    held = state.rollout is not None and state.rollout.held
    if (situation.spec.paused or held) and judgement.message:
        return ModelPhase.PAUSED, judgement.message
    if situation.clearance.invalid is not None:
        phase = ModelPhase.DEGRADED if state.stable else ModelPhase.PENDING
        return phase, situation.clearance.invalid
    if state.rollout is not None:
        return _rollout_phase(situation, judgement)
    phase, message = _phase_at_rest(situation, judgement, serving)
    if not judgement.withheld:
        return phase, message
    waits = f"{judgement.message[:1].upper()}{judgement.message[1:]}."
    first = state.stable is None and state.aborted is None
    if phase is ModelPhase.HEALTHY or first:
        return ModelPhase.WAITING, waits
    return phase, f"{message} {waits}"


def _phase_at_rest(
    situation: Situation, judgement: Judgement, serving: Serving
) -> tuple[ModelPhase, str]:
    state = judgement.state
    if state.aborted is not None:
        serves = f"revision {state.stable} serves" if state.stable else "no revision is stable"
        message = f"{state.aborted.reason}: {state.aborted.message.rstrip('.')}; {serves}."
        return ModelPhase.DEGRADED, message
    if judgement.message and not judgement.withheld:
        return ModelPhase.DEGRADED if state.stable else ModelPhase.PENDING, judgement.message
    if state.pinned is not None:
        return ModelPhase.DEGRADED, _pinned_message(state.pinned)
    return _settled_phase(situation, serving, state.stable)


def _pinned_message(pinned: PinnedRevision) -> str:
    return (
        f"Revision {pinned.revision} serves, as {pinned.by} asked; {pinned.instead_of}, which "
        "the spec names, is not introduced until the spec names another or somebody asks for Retry."
    )


def _settled_phase(
    situation: Situation, serving: Serving, stable: str | None
) -> tuple[ModelPhase, str]:
    gone_back = rolled_back_verdict(situation, stable)
    if gone_back is not None and gone_back.holds:
        return ModelPhase.DEGRADED, f"{ROLLED_BACK}: {gone_back.message}."
    unsuited = sum(situation.is_unsuited(pod.node) for pod in situation.model.pods)
    if unsuited:
        return ModelPhase.WAITING, _unsuited_message(situation, unsuited, stable)
    if serving.active >= situation.copies and situation.copies > 0:
        return ModelPhase.HEALTHY, ""
    if situation.wants_none:
        return ModelPhase.HEALTHY, "No copies are wanted."
    return _short_phase(situation, serving, stable)


def _rollout_phase(situation: Situation, judgement: Judgement) -> tuple[ModelPhase, str]:
    rollout = judgement.state.rollout
    if rollout is None:
        return ModelPhase.PROGRESSING, ""
    if situation.wants_none:
        message = f"No copies are wanted; revision {rollout.candidate} is tried when some are."
        return ModelPhase.WAITING, message
    if not situation.qualifying(rollout.candidate, 1):
        why = _objections(situation, rollout.candidate)
        return ModelPhase.WAITING, f"No satellite qualifies: {why}."
    if judgement.withheld:
        where = (
            "on the way to its full number" if rollout.all_passed else f"step {rollout.step + 1}"
        )
        message = f"Revision {rollout.candidate} is held, {where}: {judgement.message}."
        if rollout.reverted:
            stable = judgement.state.stable
            message += f" Revision {stable} serves meanwhile wherever it can be reached."
        return ModelPhase.WAITING, message
    stage = stage_of(situation.spec.rollout, rollout)
    where = "reaching its full number"
    if stage.step is not None:
        where = f"step {stage.index + 1} of {len(stage.steps)} ({_kind(stage.step)})"
    message = f"Revision {rollout.candidate}, {where}"
    message += f": {judgement.message}" if judgement.message else ""
    if (following := judgement.next_wave) is not None:
        message += f"; next wave: {following.on_board} of {following.satellites} have it"
    message += "."
    return ModelPhase.WAITING if judgement.stands_still else ModelPhase.PROGRESSING, message


def _short_phase(
    situation: Situation, serving: Serving, stable: str | None
) -> tuple[ModelPhase, str]:
    count = f"{serving.active} of {situation.copies} copies serve"
    qualifying = situation.qualifying(stable, max(1, situation.copies))
    if not qualifying:
        why = _objections(situation, stable)
        return ModelPhase.WAITING, f"{count}. No satellite qualifies: {why}."
    if qualifying < situation.copies:
        short = f"only {qualifying} satellites qualify"
        if qualifying < len(situation.satellites):
            short += f": {_objections(situation, stable)}"
        return ModelPhase.DEGRADED, f"{count}; {short}."
    if situation.spec.placement.every_satellite:
        dark = [s.name for s in situation.eligible if s.phase is not SatellitePhase.IN_CONTACT]
        if len(dark) >= situation.copies - serving.active:
            return ModelPhase.WAITING, f"{count}; {', '.join(dark[:5])} out of contact."
    return ModelPhase.DEGRADED, f"{count}; {_stuck(situation, stable) or 'others are starting'}."


def _stuck(situation: Situation, stable: str | None) -> str:
    """Why Pods find no satellite, although one that can be reached is open to them."""
    model, hosts = situation.model, situation.nodes_with(stable or "")
    label = names.node_revision_label(model.namespace, model.name, stable or "")
    is_open = any(
        s.node.name not in hosts and s.phase is SatellitePhase.IN_CONTACT
        for s in situation.traced([label])
    )
    return unplaced(model.pods_of(stable or ""), model.status.message) if is_open else ""


def _unsuited_message(situation: Situation, unsuited: int, stable: str | None) -> str:
    message = f"{unsuited} copies run where the model may not run any more, until others stand in"
    qualifying = situation.qualifying(stable, situation.copies)
    if qualifying < situation.copies:
        why = _objections(situation, stable)
        message += f"; only {qualifying} satellites qualify: {why}"
    return f"{message}."


def _objections(situation: Situation, revision: str | None) -> str:
    """Why satellites do not qualify for a revision, the first few of them."""
    reasons: list[str] = []
    everyone = sorted(situation.satellites.values(), key=lambda s: s.name)
    fitting = {s.node.name for s in situation.with_room(revision, everyone)}
    for satellite in everyone:
        reason = objection(satellite.node, situation.spec.placement)
        if not satellite.usable:
            reasons.append(f"{satellite.name} is {satellite.phase.value}")
        elif reason is not None:
            reasons.append(f"{satellite.name}: {reason}")
        elif satellite.node.name not in fitting:
            reasons += situation.shortages(revision, [satellite]).values()
    return ", ".join(reasons[:5]) or "there are none"


def _kind(step: Step) -> str:
    return ", ".join(step.model_dump(exclude_none=True))


def _verdicts(
    state: RolloutState, phase: ModelPhase, message: str, serving: Serving
) -> dict[str, Verdict]:
    available = Verdict(
        holds=serving.active > 0,
        reason="CopiesServe" if serving.active else "NoCopyServes",
        message=f"{serving.active} copies serve.",
    )
    progressing = Verdict(
        holds=state.rollout is not None,
        reason=phase.value,
        message=message if state.rollout else "",
    )
    degraded = Verdict(
        holds=phase is ModelPhase.DEGRADED,
        reason=state.aborted.reason if state.aborted else phase.value,
        message=message if phase is ModelPhase.DEGRADED else "",
    )
    valid = Verdict(holds=True, reason="Valid")
    return {
        "Available": available,
        "Degraded": degraded,
        "Progressing": progressing,
        "SpecValid": valid,
    }
