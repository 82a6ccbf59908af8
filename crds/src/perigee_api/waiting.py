"""A revision that is not begun yet, as a model's status tells of it."""

from enum import StrEnum

from pydantic import Field

from perigee_api.base import Schema, Timestamp


class WaitReason(StrEnum):
    """Why a revision is not begun yet."""

    PAUSED = "Paused"
    HELD = "Held"
    PREDECESSOR = "Predecessor"
    PLACE = "Place"
    UNKNOWN = "Unknown"


class WaitingRevision(Schema):
    """A revision that is to be introduced, and may not be yet."""

    revision: str = Field(description="The revision.")
    reason: WaitReason = Field(
        description="Paused: by spec.paused. Held: by its policy or its windows. Predecessor: by a "
        "model that spec.rollout.after names. Place: as many rollouts are under way in the fleet "
        "as may be at once. Unknown: the history has no such revision. The message says more."
    )
    since: Timestamp = Field(
        description="Since when it waits, whatever for: who waits longest begins first."
    )
    place: int | None = Field(
        default=None, ge=1, description="Of those that wait for a Place; 1 is the next."
    )
