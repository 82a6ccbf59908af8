"""Revisions that take each other's place on a satellite."""

from enum import StrEnum

from pydantic import Field

from perigee_api.base import Schema, Timestamp


class RolloutStrategy(StrEnum):
    """What becomes of the copy that a satellite has when it gets one of another revision."""

    SIDE_BY_SIDE = "SideBySide"
    """It stays beside the other, and serves until that does."""
    REPLACE = "Replace"
    """It ends before the other starts."""
    AUTO = "Auto"
    """It stays where there is room for both."""


class Swap(Schema):
    """A satellite on which one revision takes the place of another."""

    satellite: str = Field(description="The SatelliteNode.")
    revision: str = Field(description="The one that takes the place.")
    began: Timestamp = Field(
        description="Since when no other revision of the model is asked there any more."
    )
    served: bool = Field(
        default=True,
        description="What gave way served: the satellite counts among maxUnavailable until the "
        "revision is verified there.",
    )
    ended: Timestamp | None = Field(
        default=None,
        description="Since when the revision is verified there. Kept until the rollout is over.",
    )
