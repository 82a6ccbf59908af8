"""How many rollouts may be under way in the whole fleet, and who begins next.

A rollout takes a place for as long as satellites and time lead it on. One that waits for a person,
for another spec or for its window takes none, or a fleet could stand still behind it; it goes on
whenever it can, with a place or without. Nothing of this is remembered: who is under way, and since
when others wait, is in the statuses.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.rollout.clearance import clearance_of
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.rolled_back import ROLLED_BACK
from perigee_operator.domain.rollout.terms import terms_of
from perigee_operator.domain.rollout.watchdog import INVARIANTS_HOLD


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether there is a place for a rollout that is to begin."""

    limit: int = 0
    """Rollouts that may be under way at once; 0: as many as there are."""
    ahead: int | None = None
    """How many others are to begin before it; None: it may begin."""

    @property
    def message(self) -> str:
        """Why it may not begin; empty if it may."""
        if self.ahead is None:
            return ""
        reached = f"the fleet's limit of rollouts under way, {self.limit}, is reached"
        return f"{reached}; of those that wait it is number {self.ahead + 1}"


FREE = Turn()
"""Nobody has to wait."""


class Places:
    """The places that are free in one look; models are asked one after the other.

    Args:
        models: all of the fleet.
        limit: rollouts that may be under way at once; 0: as many as there are.
        now: the moment.
    """

    def __init__(self, models: Iterable[ModelView], limit: int, now: datetime) -> None:
        self._limit = limit
        self._taken = sum(takes_place(model, now) for model in models) if limit else 0
        self._waiting = 0

    @property
    def turn(self) -> Turn:
        """What the next model is told."""
        if self._limit == 0 or self._taken < self._limit:
            return FREE
        return Turn(self._limit, self._waiting)

    def note(self, decision: ModelDecision) -> None:
        """A model has begun, or waits for a place, or neither."""
        self._taken += decision.begins
        self._waiting += decision.queues


def takes_place(model: ModelView, now: datetime) -> bool:
    """Whether a model's rollout counts as under way."""
    rollout = model.status.rollout
    if rollout is None or model.spec is None or model.deleting or model.name_taken is not None:
        return False
    goes_back = rollout.direct and model.status.stable_revision is not None
    # What is wanted by now is another revision, which waits for something itself.
    superseded = model.status.waiting is not None
    if goes_back or superseded or rollout.held or model.spec.paused:
        return False
    if rollout.idle and all(action.answered for action in model.actions):
        return False
    if (INVARIANTS_HOLD, "False") in _found(model):
        return False
    return clearance_of(terms_of(model, model.spec), now).hold is None


def in_order(models: Iterable[ModelView]) -> list[ModelView]:
    """Models in the order in which they may begin: who waits longest first, then by name."""
    return sorted(models, key=lambda model: (_waits_since(model), model.key))


def _waits_since(model: ModelView) -> datetime:
    return model.status.waiting.since if model.status.waiting is not None else END


def mends(model: ModelView) -> bool:
    """Whether the stable revision fails, so that a new one is a mend: that waits for no place."""
    if model.status.stable_revision is None:
        return False
    found = _found(model)
    return ("Available", "False") in found or (ROLLED_BACK, "True") in found


def _found(model: ModelView) -> set[tuple[str, str]]:
    return {(condition.type, condition.status) for condition in model.status.conditions}
