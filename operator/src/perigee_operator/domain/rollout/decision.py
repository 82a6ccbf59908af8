"""All that is decided about one model in one look."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from perigee_api import names
from perigee_api.inference_model import InferenceModelStatus, ModelPhase, WaitReason
from perigee_operator.domain.fleet import ModelView, Settings
from perigee_operator.domain.kinds import INFERENCE_MODEL
from perigee_operator.domain.placement.copies import serving_copies
from perigee_operator.domain.rollout.actions import asked
from perigee_operator.domain.rollout.active import active_pods
from perigee_operator.domain.rollout.beginning import Wait, wait_before
from perigee_operator.domain.rollout.clearance import clearance_of, noted
from perigee_operator.domain.rollout.ending import ending
from perigee_operator.domain.rollout.evidence import evidence_against, obstacles
from perigee_operator.domain.rollout.judgement import Judgement, Policy, judge
from perigee_operator.domain.rollout.kept_files import kept_files
from perigee_operator.domain.rollout.layout import layout
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.model_status import Serving, model_status
from perigee_operator.domain.rollout.node_labels import node_labels
from perigee_operator.domain.rollout.nonsense import left_alone
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.places import takes_place
from perigee_operator.domain.rollout.pod_writes import pod_labels
from perigee_operator.domain.rollout.precedence import dependencies_met
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.refusal import forgotten
from perigee_operator.domain.rollout.revision import named_revision
from perigee_operator.domain.rollout.rolled_back import (
    gone_back_nodes,
    rolled_back_notes,
    rolled_back_on_board,
)
from perigee_operator.domain.rollout.rollout_state import (
    RolloutState,
    aimed_at,
    known_part,
    recorded,
    resumed,
    target,
    with_members,
)
from perigee_operator.domain.rollout.settled import is_settled
from perigee_operator.domain.rollout.situation import Situation, serves, situated
from perigee_operator.domain.rollout.surroundings import Surroundings
from perigee_operator.domain.rollout.terms import terms_of
from perigee_operator.domain.rollout.turn import started, superseded
from perigee_operator.domain.rollout.unplaced import unplaced
from perigee_operator.domain.rollout.verbs import Bearings
from perigee_operator.domain.rollout.wave import share, stage_of, wave_satellites
from perigee_operator.domain.rollout.workload_writes import workload_writes
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.status import status_write
from perigee_operator.domain.writes import Announce, ObjectKey, Track, Write


def decide(
    model: ModelView,
    satellites: Mapping[str, Satellite],
    surroundings: Surroundings,
    settings: Settings,
    now: datetime,
) -> ModelDecision:
    """Decides about a model; satellites are by Node name."""
    if model.deleting:
        return ModelDecision(Track(model.key, ()))
    if model.spec is None:
        return left_alone(model, satellites, now)
    terms = terms_of(model, model.spec)
    situation = situated(model, terms.spec, satellites, settings.serve_image, now)
    met = dependencies_met(model, surroundings.models, settings.serve_image)
    situation = replace(situation, clearance=clearance_of(terms, now).after(met))
    named = named_revision(model.spec, settings.serve_image)
    before = known_part(recorded(model.status), situation.revisions)
    promoted = frozenset(view.name for view in model.revisions if view.promoted)
    bearings = Bearings(named, promoted, tuple(terms.spec.rollout.steps), now, terms.fault)
    ask = asked(model.actions, before, model.status.history, bearings)
    before, wanted = target(ask.state, named)
    before = _let_go(situation, before, now)
    wait = wait_before(situation, before, wanted, bearings, surroundings.turn)
    if wait is None:
        judgement = _aimed(situation, before, wanted, bearings)
    else:
        situation = _held_by(situation, wait)
        judgement = _not_begun(situation, before, wait)
    judgement = replace(judgement, notes=ask.notes + judgement.notes)
    if ask.more:
        judgement = replace(judgement, next_change_s=0)
    return _effects(situation, judgement, ask.writes, now)


def _let_go(situation: Situation, before: RolloutState, now: datetime) -> RolloutState:
    """The state so far; of a rollout that is paused no more, with a step that begins anew."""
    held = before.rollout is not None and before.rollout.held
    was_paused = situation.model.status.phase is ModelPhase.PAUSED
    return resumed(before, now) if was_paused and not situation.spec.paused and not held else before


def _held_by(situation: Situation, wait: Wait) -> Situation:
    """What is under way stays where it is, since it is not what is wanted any more."""
    if wait.reason is WaitReason.PAUSED:
        return situation
    clearance = situation.clearance
    return replace(situation, clearance=replace(clearance, hold=clearance.hold or wait.message))


def _aimed(
    situation: Situation, before: RolloutState, wanted: str, bearings: Bearings
) -> Judgement:
    """The judgement of a model that goes where its spec, or a person, wants it."""
    known = wanted in bearings.promoted
    state = aimed_at(before, wanted, promoted_before=known, now=bearings.now)
    judgement = _judged(situation, state, bearings.now)
    turn = superseded(before, wanted) + started(before, judgement.state)
    return replace(judgement, notes=turn + judgement.notes)


def _not_begun(situation: Situation, before: RolloutState, wait: Wait) -> Judgement:
    """Of a revision that may not be introduced now; one that is under way is judged for itself."""
    judgement = replace(_judged(situation, before, situation.now), wait=wait)
    if judgement.notes:
        return judgement
    held = before.rollout is not None and before.rollout.held
    withheld = wait.reason is not WaitReason.UNKNOWN or before.rollout is not None
    if withheld and not situation.spec.paused and not held:
        return replace(judgement, message=wait.message, withheld=True)
    return replace(judgement, message=f"{wait.message[:1].upper()}{wait.message[1:]}.")


def _wave(situation: Situation, state: RolloutState) -> tuple[Satellite, ...]:
    if state.rollout is None:
        return ()
    chosen = wave_satellites(
        situation.eligible,
        situation.copies,
        stage_of(situation.spec.rollout, state.rollout),
        rank=situation.nearness(state.rollout.candidate, state.stable),
        spread_by=situation.spec.placement.spread_by,
    )
    begun = situation.has_begun(state.rollout.candidate)
    return situation.clearance.on(state).wave(chosen, begun)


def _judged(situation: Situation, state: RolloutState, now: datetime) -> Judgement:
    clearance = situation.clearance.on(state)
    state = noted(state, clearance, now)
    if state.rollout is None:
        return Judgement(state)
    candidate, since = situation.revisions[state.rollout.candidate], state.rollout.started
    wave = _wave(situation, state)
    state = with_members(state, (satellite.name for satellite in wave), now)
    pods = situation.model.pods_of(candidate.name)
    serving = [pod for pod in pods if pod.labels.get(names.ACTIVE_LABEL) == "true"]
    progress = WaveProgress(
        revision=candidate,
        wave=wave,
        verified=situation.verified_nodes(candidate.name)
        - gone_back_nodes(situation, candidate.name),
        active=len(serving),
        active_wanted=_active_wanted(situation, state),
        unreachable_percent=situation.spec.rollout.unreachable_percent,
        placed_at={pod.node: pod.created_at for pod in pods if pod.node is not None},
        verified_at={pod.node: pod.verified_at for pod in pods if pod.node and pod.verified_at},
        obstacles=obstacles(situation.model, candidate),
        measured=situation.model.measured,
        unplaced=unplaced(pods, situation.model.status.message),
        nobody_selected=_selects_nobody(situation, state),
        shortages=situation.shortages(candidate.name, wave),
    )
    policy = Policy(
        situation.spec.rollout,
        situation.spec.paused,
        situation.spec.placement.every_satellite,
        clearance,
    )
    evidence = rolled_back_on_board(situation, candidate) or evidence_against(
        situation.model, candidate, wave, since
    )
    return judge(state, progress, policy, evidence, now)


def _selects_nobody(situation: Situation, state: RolloutState) -> bool:
    if state.rollout is None:
        return False
    return stage_of(situation.spec.rollout, state.rollout).selects_nobody(situation.eligible)


def _active_wanted(situation: Situation, state: RolloutState) -> int:
    if state.rollout is None:
        return 0
    return share(stage_of(situation.spec.rollout, state.rollout).weight, situation.copies)


def _effects(
    situation: Situation, judgement: Judgement, answers: tuple[Write, ...], now: datetime
) -> ModelDecision:
    model, state = situation.model, judgement.state
    judgement = replace(
        judgement, notes=judgement.notes + rolled_back_notes(situation, state.stable)
    )
    wave, clearance = _wave(situation, state), situation.clearance.on(state)
    begun = situation.has_begun(state.candidate)
    places = layout(situation, state, clearance.started(wave, begun))
    every = situation.spec.placement.every_satellite
    pods = [pod for pod in model.pods if not pod.deleting]
    released, about_to_go = situation.released(state.stable), ending(model)
    active = active_pods(
        [
            pod
            for pod in pods
            if pod.uid not in released and (serves(pod) or pod.uid not in about_to_go)
        ],
        state,
        _active_wanted(situation, state),
        situation.satellites,
        stable_suffices=situation.suffices(state.stable) and not every,
        reverting=clearance.reverts,
    )
    changes = workload_writes(situation, state, places)
    labels = pod_labels(pods, active, changes.victims, situation.satellites)
    serving = Serving(
        active=len(active),
        candidate=sum(p.uid in active and p.revision == state.candidate for p in pods),
        verified_stable=serving_copies(model.pods_of(state.stable or ""), situation.satellites),
    )
    status = model_status(situation, judgement, serving, len(wave), now)
    writes: list[Write] = [
        *_status_writes(model, status, judgement.notes, now),
        *answers,
        *changes.growing,
        *labels,
        *changes.shrinking,
        *forgotten(model.pods, now),
    ]
    return ModelDecision(
        Track(model.key, tuple(writes)),
        node_labels(situation, state, places),
        kept_files(situation, state, places),
        situation.dispensable(state.stable),
        clearance.next_change_s(now, judgement.next_change_s),
        begins=_begins(model, state, now),
        queues=judgement.wait is not None and judgement.wait.reason is WaitReason.PLACE,
        settled=not writes and is_settled(situation, state, status, places),
    )


def _begins(model: ModelView, state: RolloutState, now: datetime) -> bool:
    """Whether a rollout takes a place that it did not have."""
    if state.rollout is None or state.candidate == model.status.candidate_revision:
        return False
    goes_back = state.rollout.direct and state.stable is not None
    return not goes_back and not takes_place(model, now)


def _status_writes(
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
