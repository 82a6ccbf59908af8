"""What people ask of a rollout, carried out on its state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from perigee_api.inference_model import PinnedRevision, RolloutStatus, Step
from perigee_api.rollout_action import RolloutActionSpec, RolloutVerb
from perigee_operator.domain.rollout.rollout_state import (
    RolloutState,
    aborted,
    introduced,
    resumed,
    stepped,
)
from perigee_operator.domain.rollout.wave import Stage


class RefusedActionError(Exception):
    """What is asked makes no sense as things are; says why."""


@dataclass(frozen=True, slots=True)
class Bearings:
    """What a verb is carried out against."""

    wanted: str
    """The revision that the spec names."""
    promoted: frozenset[str]
    """Revisions of the history that have served in full."""
    steps: tuple[Step, ...]
    now: datetime
    unknown: str | None = None
    """Why nobody knows the steps."""


Carried = tuple[RolloutState, str]
"""The state after, and what was done, as a sentence."""


def carried_out(state: RolloutState, action: RolloutActionSpec, bearings: Bearings) -> Carried:
    """The state after what a person has asked for, and what was done.

    Raises:
        RefusedActionError: it makes no sense as things are.
    """
    return _VERBS[action.verb](state, action, bearings)


def _promote(state: RolloutState, action: RolloutActionSpec, bearings: Bearings) -> Carried:
    rollout = _under_way(state, action)
    if rollout.direct or rollout.all_passed:
        raise RefusedActionError(f"revision {rollout.candidate} has no steps left")
    passed = rollout.model_copy(
        update={
            "step": len(bearings.steps),
            "all_passed": True,
            "held": False,
            "step_started": bearings.now.replace(microsecond=0),
        }
    )
    message = f"All steps of revision {rollout.candidate} count as passed."
    return replace(state, rollout=passed), message


def _skip(state: RolloutState, action: RolloutActionSpec, bearings: Bearings) -> Carried:
    rollout = _under_way(state, action)
    if bearings.unknown is not None and not rollout.direct:
        raise RefusedActionError(f"nobody knows the steps: {bearings.unknown}")
    stage = Stage(bearings.steps, rollout.step)
    if rollout.direct or rollout.all_passed or stage.step is None:
        raise RefusedActionError(f"revision {rollout.candidate} has no steps left")
    message = f"Step {rollout.step + 1} of revision {rollout.candidate} counts as passed."
    return stepped(state, rollout.step, len(bearings.steps), bearings.now), message


def _pause(state: RolloutState, action: RolloutActionSpec, _: Bearings) -> Carried:
    rollout = _under_way(state, action)
    if rollout.held:
        raise RefusedActionError(f"revision {rollout.candidate} is paused already")
    held = rollout.model_copy(update={"held": True})
    return replace(state, rollout=held), f"Revision {rollout.candidate} stays where it is."


def _resume(state: RolloutState, action: RolloutActionSpec, bearings: Bearings) -> Carried:
    rollout = _under_way(state, action)
    if rollout.held:
        free = replace(state, rollout=rollout.model_copy(update={"held": False}))
        return resumed(free, bearings.now), f"Revision {rollout.candidate} goes on."
    step = None if rollout.direct else Stage(bearings.steps, rollout.step).step
    if step is None or step.pause is None or not step.pause.awaits_person:
        raise RefusedActionError(f"nobody has paused revision {rollout.candidate}")
    return _skip(state, action, bearings)


def _abort(state: RolloutState, action: RolloutActionSpec, bearings: Bearings) -> Carried:
    rollout = _under_way(state, action)
    why = f"{action.by} has ended it{_because(action)}"
    serves = f"revision {state.stable} serves" if state.stable else "no revision serves yet"
    after = aborted(state, "AbortedByPerson", why, bearings.now)
    return after, f"Revision {rollout.candidate} is given up; {serves}."


def _retry(state: RolloutState, action: RolloutActionSpec, bearings: Bearings) -> Carried:
    given_up = state.aborted.revision if state.aborted else None
    if given_up != bearings.wanted and state.pinned is None:
        raise RefusedActionError(f"revision {bearings.wanted} was not given up")
    if action.revision not in {None, bearings.wanted}:
        raise RefusedActionError(f"the spec names revision {bearings.wanted}")
    message = f"Revision {bearings.wanted} is tried again."
    return replace(state, aborted=None, pinned=None), message


def _roll_back(state: RolloutState, action: RolloutActionSpec, bearings: Bearings) -> Carried:
    to = action.revision or state.previous
    if to is None:
        raise RefusedActionError("there is no revision before the stable one")
    if to not in bearings.promoted:
        known = ", ".join(sorted(bearings.promoted)) or "none"
        raise RefusedActionError(
            f"no revision {to} has ever served in full; in the history: {known}"
        )
    if to == state.stable and state.rollout is None:
        raise RefusedActionError(f"revision {to} serves already")
    pinned = None
    if to != bearings.wanted:
        moment = bearings.now.replace(microsecond=0)
        pinned = PinnedRevision(revision=to, instead_of=bearings.wanted, by=action.by, time=moment)
    there = replace(state, rollout=None, aborted=None, pinned=pinned)
    if to != state.stable:
        there = introduced(there, to, direct=True, now=bearings.now)
    return there, f"Revision {to} is to serve again."


def _under_way(state: RolloutState, action: RolloutActionSpec) -> RolloutStatus:
    if state.rollout is None:
        raise RefusedActionError("no rollout is under way")
    if action.revision not in {None, state.rollout.candidate}:
        raise RefusedActionError(
            f"revision {state.rollout.candidate} is under way, not {action.revision}"
        )
    return state.rollout


def _because(action: RolloutActionSpec) -> str:
    return f": {action.reason}" if action.reason else ""


_VERBS: Final[
    Mapping[RolloutVerb, Callable[[RolloutState, RolloutActionSpec, Bearings], Carried]]
] = {
    RolloutVerb.PROMOTE: _promote,
    RolloutVerb.SKIP: _skip,
    RolloutVerb.PAUSE: _pause,
    RolloutVerb.RESUME: _resume,
    RolloutVerb.ABORT: _abort,
    RolloutVerb.RETRY: _retry,
    RolloutVerb.ROLL_BACK: _roll_back,
}
