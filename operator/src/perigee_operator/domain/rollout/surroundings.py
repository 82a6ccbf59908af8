"""What is decided about a model depends on beside the model itself and the satellites."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.places import FREE, Turn


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The other models, and whether the fleet has a place for a rollout more."""

    models: Mapping[str, ModelView] = field(default_factory=dict)
    """All of the fleet, by key."""
    turn: Turn = FREE
