"""Whether a model may begin to introduce the revision that it is to have."""

from dataclasses import dataclass

from perigee_api.inference_model import WaitReason
from perigee_operator.domain.rollout.rollout_state import RolloutState, aimed_at
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.verbs import Bearings


@dataclass(frozen=True, slots=True)
class Wait:
    """A revision that may not be begun."""

    revision: str
    why: str
    reason: WaitReason | None = None
    """None: nothing is known of that revision."""

    @property
    def message(self) -> str:
        """For a person, as a part of a sentence."""
        return self.why if self.reason is None else f"revision {self.revision} waits: {self.why}"


def wait_before(
    situation: Situation, before: RolloutState, wanted: str, bearings: Bearings
) -> Wait | None:
    """What a model waits for before it turns to a revision; None if it may, or has."""
    if wanted not in situation.revisions:
        return Wait(wanted, f"revision {wanted} is not in the history")
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
    return None
