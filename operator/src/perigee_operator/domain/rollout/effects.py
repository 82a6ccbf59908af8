"""What follows from a judgement: the writes, and what satellites are to have on board."""

from dataclasses import replace
from datetime import datetime

from perigee_api.inference_model import InferenceModelStatus, WaitReason
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.kinds import INFERENCE_MODEL
from perigee_operator.domain.placement.copies import serving_copies
from perigee_operator.domain.rollout.active import active_pods
from perigee_operator.domain.rollout.candidacy import active_wanted, alone_on, wave_of
from perigee_operator.domain.rollout.concern import concern
from perigee_operator.domain.rollout.copy_move import moving
from perigee_operator.domain.rollout.early import sent_ahead
from perigee_operator.domain.rollout.ending import ending
from perigee_operator.domain.rollout.giving_way import withdrawn
from perigee_operator.domain.rollout.invariants import Broken, broken
from perigee_operator.domain.rollout.judgement import Judgement
from perigee_operator.domain.rollout.kept_files import kept_files
from perigee_operator.domain.rollout.layout import layout
from perigee_operator.domain.rollout.letting_go import dispensable, released
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.model_status import Serving, model_status
from perigee_operator.domain.rollout.node_labels import node_labels
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.places import takes_place
from perigee_operator.domain.rollout.pod_writes import pod_labels
from perigee_operator.domain.rollout.refusal import forgotten
from perigee_operator.domain.rollout.rolled_back import rolled_back_notes
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.room_verdict import HAS_ROOM, room_notes, room_verdict
from perigee_operator.domain.rollout.settled import is_settled
from perigee_operator.domain.rollout.shadow import shadow_percent
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.stranded import stranded
from perigee_operator.domain.rollout.swap import swapping
from perigee_operator.domain.rollout.watchdog import scene_of
from perigee_operator.domain.rollout.wave import stage_of
from perigee_operator.domain.rollout.workload_writes import workload_writes
from perigee_operator.domain.status import status_write
from perigee_operator.domain.writes import Announce, ObjectKey, Track, Write


def effects(
    situation: Situation, judgement: Judgement, answers: tuple[Write, ...], now: datetime
) -> tuple[ModelDecision, tuple[Broken, ...]]:
    """What follows, and what that would break."""
    model, state = situation.model, judgement.state
    judgement = replace(
        judgement, notes=judgement.notes + rolled_back_notes(situation, state.stable)
    )
    move = moving(situation, state, now)
    situation = replace(situation, move=move.record, shift=move.shift)
    wave, clearance = wave_of(situation, state), situation.clearance.on(state)
    swaps = swapping(situation, state, wave, now)
    room = room_verdict(situation, state, wave, swaps)
    notes = (*judgement.notes, *move.notes, *swaps.notes, *room_notes(situation, state, room))
    situation = replace(situation, swaps=swaps.effective)
    if room is not None:
        situation = replace(situation, clearance=situation.clearance.saying(HAS_ROOM, room))
    begun = situation.has_begun(state.candidate)
    places = layout(situation, state, clearance.started(wave, begun))
    every = situation.spec.placement.every_satellite
    pods = [pod for pod in model.pods if not pod.deleting]
    may_end = released(situation, state.stable) | withdrawn(situation)
    about_to_go = ending(model)
    active = active_pods(
        [
            pod
            for pod in pods
            if pod.uid not in may_end and (pod.serves or pod.uid not in about_to_go)
        ],
        state,
        active_wanted(situation, state),
        situation.satellites,
        stable_suffices=situation.suffices(state.stable) and not every,
        reverting=clearance.reverts,
        alone_on=alone_on(situation, state, places),
        waiting_on=swaps.due,
    )
    kept = kept_files(situation, state, places)
    early = sent_ahead(situation, state, wave, kept)
    judgement = replace(judgement, next_wave=early.wave)
    changes = workload_writes(situation, state, places)
    shadows = _shadows(situation, state)
    labels = pod_labels(pods, active, changes.victims, situation.satellites, shadows)
    serving = Serving(
        active=len(active),
        candidate=sum(p.uid in active and p.revision == state.candidate for p in pods),
        verified_stable=serving_copies(model.pods_of(state.stable or ""), situation.satellites),
    )
    status = model_status(situation, judgement, serving, len(wave), now)
    status = status.model_copy(update={"swaps": list(swaps.records)})
    writes: list[Write] = [
        *status_writes(model, status, notes, now),
        *answers,
        *changes.growing,
        *labels,
        *changes.shrinking,
        *forgotten(model.pods, now),
        *stranded(model),
    ]
    settled = (
        not writes
        and not swaps.due
        and not swaps.records
        and is_settled(situation, state, status, places)
    )
    decision = ModelDecision(
        Track(model.key, tuple(writes)),
        node_labels(situation, state, places),
        kept,
        early.files,
        dispensable(situation, state.stable),
        clearance.next_change_s(now, judgement.next_change_s),
        begins=_begins(model, state, now),
        queues=judgement.wait is not None and judgement.wait.reason is WaitReason.PLACE,
        concern=concern(situation, state, places) if settled else None,
    )
    led_on = bool(judgement.message or judgement.notes) or judgement.next_change_s is not None
    scene = scene_of(
        situation,
        state,
        places,
        active,
        kept,
        wave=len(wave),
        led_on=led_on,
        early=early,
        swaps=swaps.records,
    )
    return decision, broken(scene)


def _begins(model: ModelView, state: RolloutState, now: datetime) -> bool:
    """Whether a rollout takes a place that it did not have."""
    if state.rollout is None or state.candidate == model.status.candidate_revision:
        return False
    goes_back = state.rollout.direct and state.stable is not None
    return not goes_back and not takes_place(model, now)


def _shadows(situation: Situation, state: RolloutState) -> dict[str, int]:
    """Pods of the candidate by uid, and the share of requests that is to be handed on to them."""
    if state.rollout is None:
        return {}
    percent = shadow_percent(stage_of(situation.spec.rollout, state.rollout), state)
    pods = situation.model.pods_of(state.rollout.candidate) if percent else ()
    return {pod.uid: percent for pod in pods}


def status_writes(
    model: ModelView, status: InferenceModelStatus, notes: tuple[Note, ...], now: datetime
) -> list[Write]:
    """The verdict is written down before anything follows from it."""
    key = ObjectKey(INFERENCE_MODEL, model.name, model.namespace)
    writes: list[Write] = [*status_write(key, model, status)]
    writes += [
        Announce(
            key,
            model.uid,
            note.type,
            note.reason,
            note.action,
            note.message,
            now,
            revision=note.revision,
            by=note.by,
        )
        for note in notes
    ]
    return writes
