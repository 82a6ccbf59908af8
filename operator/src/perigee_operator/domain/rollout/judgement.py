"""What becomes of a rollout now: held, one step on, promoted or aborted."""

from dataclasses import dataclass, replace
from datetime import datetime

from perigee_api.inference_model import NextWave, Rollout, RolloutStatus
from perigee_operator.domain.rollout.analysis import (
    failed,
    findings,
    kept_up,
    metrics_verdict,
    watched_on,
)
from perigee_operator.domain.rollout.beginning import Wait
from perigee_operator.domain.rollout.clearance import CLEAR, Clearance, counted_from_release
from perigee_operator.domain.rollout.comparison import compared_findings, compared_on
from perigee_operator.domain.rollout.deadline import overdue
from perigee_operator.domain.rollout.drift import drifted_on, drifts_findings
from perigee_operator.domain.rollout.evidence import Evidence, Source
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.progress import StepVerdict, WaveProgress
from perigee_operator.domain.rollout.rollout_state import RolloutState, aborted, promoted, stepped
from perigee_operator.domain.rollout.shadow import shadow_findings, shadowed_on
from perigee_operator.domain.rollout.step import step_verdict, wave_verdict
from perigee_operator.domain.rollout.wave import Stage, stage_of
from perigee_operator.domain.writes import EventType


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state from here on, and why."""

    state: RolloutState
    message: str = ""
    """What the rollout waits for."""
    stands_still: bool = False
    withheld: bool = False
    """Nothing may be started, whatever the satellites do."""
    wait: Wait | None = None
    """What keeps the revision that is wanted from being begun."""
    idle: bool = False
    """Only a person or another spec leads it on."""
    notes: tuple[Note, ...] = ()
    next_change_s: float | None = None
    next_wave: NextWave | None = None
    """How far the delivery is that goes ahead of the next wave."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a model says about its rollouts."""

    rollout: Rollout
    paused: bool
    every_satellite: bool
    clearance: Clearance = CLEAR


def judge(
    state: RolloutState,
    progress: WaveProgress,
    policy: Policy,
    evidence: Evidence | None,
    now: datetime,
) -> Judgement:
    """Judges a rollout that is under way, at most one step at a time.

    Evidence against the candidate aborts at once, whatever the step, and so does its deadline.
    Where no revision is stable yet there is nothing to go back to: then time alone aborts nothing,
    and neither does a file, so that correcting the file is enough.
    """
    if state.rollout is None:
        return Judgement(state)
    stage = stage_of(policy.rollout, state.rollout)
    status = _measured(state.rollout, stage, progress, policy, now)
    state = replace(state, rollout=status)
    found = findings(status, stage, now) + compared_findings(status, stage, now)
    found += shadow_findings(status, stage, progress, now) + drifts_findings(status, stage, now)
    evidence = evidence or failed(found, stage)
    evidence = evidence or _out_of_time(state, progress, policy, now)
    awaits_file = evidence is not None and evidence.source is Source.FILE and state.stable is None
    if evidence is not None and not awaits_file:
        return _aborted(state, evidence, now)
    if policy.paused or status.held:
        how = "by spec.paused" if policy.paused else "until somebody asks for Resume"
        return Judgement(state, message=f"Revision {state.candidate} is paused {how}.")
    if policy.clearance.hold is not None:
        return Judgement(state, message=policy.clearance.hold, withheld=True)
    verdict = _verdict(stage, status, progress, policy, now)
    if verdict.passed:
        verdict = metrics_verdict(found, stage) or verdict
    judgement = _followed(state, stage, verdict, evidence, now)
    # A first revision has no deadline, but does not keep others from beginning for ever either.
    late = state.stable is None and overdue(progress, status, policy.rollout.deadline_s, now)
    stuck = awaits_file or verdict.awaits_person or bool(late)
    return replace(judgement, idle=not verdict.passed and stuck)


def _measured(
    status: RolloutStatus, stage: Stage, progress: WaveProgress, policy: Policy, now: datetime
) -> RolloutStatus:
    steps_known = policy.clearance.steps_known
    ready = steps_known and wave_verdict(progress).passed
    status = compared_on(status, stage, progress.compared, ready=ready, now=now)
    status = shadowed_on(status, stage, progress.shadowed, ready=ready, now=now)
    status = drifted_on(status, stage, progress.drifted, ready=ready, now=now)
    if not steps_known:
        return watched_on(status, stage, progress.measured)
    by_policy = policy.rollout.policy is not None
    return kept_up(status, stage, progress.measured, ready=ready, now=now, by_policy=by_policy)


def _verdict(
    stage: Stage, status: RolloutStatus, progress: WaveProgress, policy: Policy, now: datetime
) -> StepVerdict:
    if stage.step is None:
        return wave_verdict(progress, tolerate_unreachable=policy.every_satellite)
    return step_verdict(stage.step, progress, status, now)


def _followed(
    state: RolloutState,
    stage: Stage,
    verdict: StepVerdict,
    evidence: Evidence | None,
    now: datetime,
) -> Judgement:
    if not verdict.passed:
        return _held(state, verdict, evidence)
    return _promoted(state) if stage.step is None else _one_step_on(state, stage, verdict, now)


def _out_of_time(
    state: RolloutState, progress: WaveProgress, policy: Policy, now: datetime
) -> Evidence | None:
    if state.stable is None or state.rollout is None:
        return None
    if policy.paused or state.rollout.held or policy.clearance.hold is not None:
        return None
    status = counted_from_release(state.rollout)
    message = overdue(progress, status, policy.rollout.deadline_s, now)
    return Evidence("DeadlineExceeded", message) if message else None


def _held(state: RolloutState, verdict: StepVerdict, evidence: Evidence | None) -> Judgement:
    why = f"{evidence.reason}: {evidence.message}; " if evidence else ""
    return Judgement(
        state,
        why + verdict.message,
        stands_still=verdict.stands_still,
        next_change_s=verdict.next_change_s,
    )


def _one_step_on(
    state: RolloutState, stage: Stage, verdict: StepVerdict, now: datetime
) -> Judgement:
    message = f"Step {stage.index + 1} of revision {state.candidate} has passed: {verdict.message}"
    note = Note(
        EventType.NORMAL, "StepPassed", "Rollout", message.removesuffix(": "), state.candidate or ""
    )
    after = stepped(state, stage.index, len(stage.steps), now)
    return Judgement(after, notes=(note,), next_change_s=0)


def _promoted(state: RolloutState) -> Judgement:
    after = f" after {state.stable}" if state.stable else ""
    message = f"Revision {state.candidate} serves{after}."
    return Judgement(
        promoted(state),
        notes=(Note(EventType.NORMAL, "Promoted", "Rollout", message, state.candidate or ""),),
        next_change_s=0,
    )


def _aborted(state: RolloutState, evidence: Evidence, now: datetime) -> Judgement:
    serves = f" Revision {state.stable} serves." if state.stable else " No revision serves yet."
    message = f"{evidence.message.rstrip('.')}.{serves}"
    return Judgement(
        aborted(state, evidence.reason, evidence.message, now),
        notes=(
            Note(EventType.WARNING, "RolloutAborted", "Rollout", message, state.candidate or ""),
        ),
        next_change_s=0,
    )
