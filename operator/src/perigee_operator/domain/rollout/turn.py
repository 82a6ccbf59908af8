"""What is told when a model turns to another revision."""

from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.writes import EventType


def superseded(before: RolloutState, wanted: str) -> tuple[Note, ...]:
    """The rollout under way ends, since its revision is not the one that is wanted now.

    Args:
        before: the state so far.
        wanted: the revision to which the model turns.
    """
    if before.candidate in {None, wanted}:
        return ()
    serves = ", which serves" if wanted == before.stable else ""
    message = f"Revision {before.candidate} gives way to {wanted}{serves}."
    note = Note(EventType.NORMAL, "RolloutSuperseded", "Rollout", message, before.candidate or "")
    return (note,)


def started(before: RolloutState, after: RolloutState) -> tuple[Note, ...]:
    """A rollout begins."""
    if after.candidate is None or after.candidate == before.candidate:
        return ()
    how = "directly" if after.rollout and after.rollout.direct else "step by step"
    message = f"Revision {after.candidate} is introduced {how}."
    return (Note(EventType.NORMAL, "RolloutStarted", "Rollout", message, after.candidate),)
