"""Findings of an analysis, and what follows from all of them together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from perigee_operator.domain.analysis.explanation import Explanation
from perigee_operator.domain.analysis.verdict import Action, Policies, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, why, and what follows."""

    action: Action
    explanation: Explanation
    next_change_s: float | None = None
    """In how long something else follows if nothing else is found."""

    @classmethod
    def by(
        cls, policies: Policies, explanation: Explanation, since: datetime, now: datetime
    ) -> Self:
        """What follows, by the policies, from what has been so since a moment."""
        lasted_s = (now - since).total_seconds()
        verdict = explanation.verdict
        return cls(
            policies.action(verdict, lasted_s),
            explanation,
            policies.next_change_s(verdict, lasted_s),
        )

    @property
    def verdict(self) -> Verdict:
        """What was found."""
        return self.explanation.verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of a rollout, as far as its analysis is concerned."""

    action: Action
    because: tuple[Explanation, ...]
    """Of those that decide it; all, where it goes on."""
    next_change_s: float | None = None

    @property
    def message(self) -> str:
        """The explanations, as sentences."""
        return " ".join(each.sentence for each in self.because)


def decided(findings: Iterable[Finding]) -> Decision:
    """One finding is enough to abort; to go on, none may hold. With no findings, it goes on."""
    found = tuple(findings)
    action = max((each.action for each in found), default=Action.ADVANCE)
    changes = [each.next_change_s for each in found if each.next_change_s is not None]
    return Decision(
        action,
        tuple(each.explanation for each in found if each.action is action),
        min(changes, default=None),
    )
