"""Whether a model may begin to introduce the revision that it is to have."""

from dataclasses import dataclass

from perigee_api.inference_model import WaitReason
from perigee_operator.domain.rollout.places import Turn, mends
from perigee_operator.domain.rollout.rollout_state import RolloutState, aimed_at
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.verbs import Bearings


@dataclass(frozen=True, slots=True)
class Wait:
    """A revision that may not be begun."""

    revision: str
    why: str
    reason: WaitReason
    place: int | None = None
    """Among those that wait for one."""

    @property
    def message(self) -> str:
        """For a person, as a part of a sentence."""
        if self.reason is WaitReason.UNKNOWN:
            return f"revision {self.revision} {self.why}"
        return f"revision {self.revision} waits: {self.why}"


def wait_before(
    situation: Situation, before: RolloutState, wanted: str, bearings: Bearings, turn: Turn
) -> Wait | None:
    """What a model waits for before it turns to a revision; None if it may, or has.

    Args:
        situation: of the model.
        before: the state so far.
        wanted: the revision.
        bearings: against which the state is judged.
        turn: whether there is a place for a rollout more.
    """
    if wanted not in situation.revisions:
        return Wait(wanted, "is not in the history", WaitReason.UNKNOWN)
    state = aimed_at(before, wanted, promoted_before=wanted in bearings.promoted, now=bearings.now)
    if state.candidate in {None, before.candidate}:
        return None
    if situation.spec.paused:
        return Wait(wanted, "paused by spec.paused", WaitReason.PAUSED)
    clearance = situation.clearance.on(state)
    if clearance.hold is not None:
        return Wait(wanted, clearance.hold, WaitReason.HELD)
    if clearance.comes_after is not None:
        return Wait(wanted, clearance.comes_after, WaitReason.PREDECESSOR)
    return None if _needs_no_place(situation, before, state) else _wait_for_place(wanted, turn)


def _needs_no_place(situation: Situation, before: RolloutState, state: RolloutState) -> bool:
    """Whether it goes back, mends what fails, or comes in the place of one under way."""
    goes_back = state.rollout is not None and state.rollout.direct and state.stable is not None
    return goes_back or before.rollout is not None or mends(situation.model)


def _wait_for_place(wanted: str, turn: Turn) -> Wait | None:
    if turn.ahead is None:
        return None
    return Wait(wanted, turn.message, WaitReason.PLACE, turn.ahead + 1)
