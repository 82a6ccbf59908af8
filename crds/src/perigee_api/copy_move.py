"""The move of a copy to another satellite, as a model's status keeps it."""

from pydantic import Field

from perigee_api.base import Schema, Timestamp


class CopyMove(Schema):
    """A copy that goes to another satellite, so that more of those that serve are in contact.

    The copy on the other satellite serves before the one that was there ends.
    """

    from_satellite: str = Field(description="The SatelliteNode that gives its copy up.")
    to_satellite: str = Field(description="The SatelliteNode that gets one.")
    gain: int = Field(
        ge=0,
        description="By so many seconds of the day after `started` it shortens the time in which "
        "fewer than keepInReach satellites are in contact.",
    )
    started: Timestamp = Field(description="When it was decided.")
    handed_over: Timestamp | None = Field(
        default=None, description="Since when the copy that was there may end: the other serves."
    )
    ended: Timestamp | None = Field(
        default=None,
        description="When it was over. The next one begins an hour later at the soonest.",
    )
    given_up: str = Field(
        default="", max_length=1024, description="Why the copy stays where it was, if it does."
    )
