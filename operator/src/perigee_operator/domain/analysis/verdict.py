"""What an analysis can find, and what follows from it."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final


class Verdict(Enum):
    """What has been found of a metric or a comparison."""

    PASS = "Pass"  # noqa: S105  # no password
    FAIL = "Fail"
    NO_DATA = "NoData"
    """The source answers, and has nothing to say: nobody was asked, or all are in the dark."""
    SOURCE_DOWN = "SourceDown"
    """The source does not answer."""
    RUNNING = "Running"
    """More measurements are needed."""
    INCONCLUSIVE = "Inconclusive"
    """There are enough, and they speak neither for the candidate nor against it."""


class Action(IntEnum):
    """What is to become of the rollout; of several, the highest is done."""

    ADVANCE = 0
    HOLD = 1
    ABORT = 2


class Reaction(Enum):
    """What is done where there is no answer."""

    HOLD = "hold"
    ABORT = "abort"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done where there is no answer, and after how long."""

    reaction: Reaction = Reaction.HOLD
    after_s: float = 0
    """Held for so long before it is aborted or continued."""

    def action(self, lasted_s: float) -> Action:
        """What is to be done when it has been so for a while."""
        if self.reaction is Reaction.HOLD or lasted_s < self.after_s:
            return Action.HOLD
        return Action.ABORT if self.reaction is Reaction.ABORT else Action.ADVANCE

    def next_change_s(self, lasted_s: float) -> float | None:
        """In how long something else is to be done; None if nothing ever is."""
        if self.reaction is Reaction.HOLD or lasted_s >= self.after_s:
            return None
        return self.after_s - lasted_s


@dataclass(frozen=True, slots=True)
class Policies:
    """A policy for each way of having no answer: by default, all hold and none aborts."""

    no_data: Policy = Policy()
    source_down: Policy = Policy()
    inconclusive: Policy = Policy()

    def action(self, verdict: Verdict, lasted_s: float) -> Action:
        """What follows from a verdict that has stood for a while."""
        policy = self._policy(verdict)
        if policy is not None:
            return policy.action(lasted_s)
        return _ACTIONS[verdict]

    def next_change_s(self, verdict: Verdict, lasted_s: float) -> float | None:
        """In how long something else follows from the same verdict; None if nothing ever does."""
        policy = self._policy(verdict)
        return policy.next_change_s(lasted_s) if policy is not None else None

    def _policy(self, verdict: Verdict) -> Policy | None:
        return {
            Verdict.NO_DATA: self.no_data,
            Verdict.SOURCE_DOWN: self.source_down,
            Verdict.INCONCLUSIVE: self.inconclusive,
        }.get(verdict)


ALL_HOLD: Final = Policies()

_ACTIONS: Final = {
    Verdict.PASS: Action.ADVANCE,
    Verdict.FAIL: Action.ABORT,
    Verdict.RUNNING: Action.HOLD,
}
