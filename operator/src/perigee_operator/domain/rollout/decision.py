"""All that is decided about one model in one look."""

from dataclasses import dataclass, replace
from datetime import datetime

from perigee_api.inference_model import ModelPhase, WaitReason
from perigee_operator.domain.fleet import ModelView, Settings
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.rollout.actions import Asked, asked
from perigee_operator.domain.rollout.beginning import Wait, wait_before
from perigee_operator.domain.rollout.candidacy import wave_of, wave_progress
from perigee_operator.domain.rollout.clearance import Clearance, clearance_of, noted
from perigee_operator.domain.rollout.effects import effects
from perigee_operator.domain.rollout.evidence import evidence_against
from perigee_operator.domain.rollout.invariants import Broken
from perigee_operator.domain.rollout.judgement import Judgement, Policy, judge
from perigee_operator.domain.rollout.left_as_it_is import left_as_it_is
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.nonsense import left_alone
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.places import Turn
from perigee_operator.domain.rollout.precedence import dependencies_met
from perigee_operator.domain.rollout.revision import named_revision
from perigee_operator.domain.rollout.rolled_back import rolled_back_on_board
from perigee_operator.domain.rollout.rollout_state import (
    RolloutState,
    aimed_at,
    known_part,
    recorded,
    resumed,
    target,
    with_members,
)
from perigee_operator.domain.rollout.situated import situated
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.surroundings import Surroundings
from perigee_operator.domain.rollout.terms import terms_of
from perigee_operator.domain.rollout.turn import started, superseded
from perigee_operator.domain.rollout.verbs import Bearings
from perigee_operator.domain.rollout.watchdog import broken_notes, held_by, unbroken, verdict_on
from perigee_operator.domain.writes import Track


def decide(
    model: ModelView,
    directory: Directory,
    surroundings: Surroundings,
    settings: Settings,
    now: datetime,
) -> ModelDecision:
    """Decides about a model, and what follows for the satellites."""
    if model.deleting:
        return ModelDecision(Track(model.key, ()))
    if model.spec is None:
        return left_alone(model, directory.satellites, now)
    terms = terms_of(model, model.spec)
    situation = situated(model, terms.spec, directory, settings.serve_image, now)
    met = dependencies_met(model, surroundings.models, settings.serve_image)
    situation = replace(situation, clearance=clearance_of(terms, now).after(met))
    named = named_revision(model.spec, settings.serve_image)
    before = known_part(recorded(model.status), situation.revisions)
    promoted = frozenset(view.name for view in model.revisions if view.promoted)
    bearings = Bearings(named, promoted, tuple(terms.spec.rollout.steps), now, terms.fault)
    ask = asked(model.actions, before, model.status.history, bearings)
    before, wanted = target(ask.state, named)
    before = _let_go(situation, before, now)
    course = _Course(before, wanted, bearings, surroundings.turn, ask)
    decision, broken = _planned(situation, unbroken(situation.clearance, model), course)
    if not broken:
        return decision
    verdict = verdict_on(broken)
    notes = broken_notes(verdict, model)
    decision, broken = _planned(situation, held_by(situation.clearance, verdict), course, notes)
    if broken:
        return left_as_it_is(model, directory.satellites, verdict, notes, now)
    return decision


@dataclass(frozen=True, slots=True)
class _Course:
    """Where a model is to go, and from where."""

    before: RolloutState
    wanted: str
    bearings: Bearings
    turn: Turn
    ask: Asked


def _planned(
    situation: Situation, clearance: Clearance, course: _Course, notes: tuple[Note, ...] = ()
) -> tuple[ModelDecision, tuple[Broken, ...]]:
    """What is decided, and what that would break."""
    situation = replace(situation, clearance=clearance)
    before, wanted, bearings = course.before, course.wanted, course.bearings
    wait = wait_before(situation, before, wanted, bearings, course.turn)
    if wait is None:
        judgement = _aimed(situation, before, wanted, bearings)
    else:
        situation = _held_by(situation, wait)
        judgement = _not_begun(situation, before, wait)
    judgement = replace(judgement, notes=course.ask.notes + judgement.notes + notes)
    if course.ask.more:
        judgement = replace(judgement, next_change_s=0)
    return effects(situation, judgement, course.ask.writes, bearings.now)


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


def _judged(situation: Situation, state: RolloutState, now: datetime) -> Judgement:
    clearance = situation.clearance.on(state)
    state = noted(state, clearance, now)
    if state.rollout is None:
        return Judgement(state)
    candidate, since = situation.revisions[state.rollout.candidate], state.rollout.started
    wave = wave_of(situation, state)
    state = with_members(state, (satellite.name for satellite in wave), now)
    progress = wave_progress(situation, state, candidate, wave)
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
