"""How a satellite is heard, as its status keeps it over a restart of the operator."""

from pydantic import Field

from perigee_api.base import Schema


class HeartbeatRhythm(Schema):
    """How heartbeats have come, in seconds of contact from one to the next."""

    interval: float = Field(ge=0, description="The interval that was asked for, in seconds.")
    mean: float = Field(ge=0, description="Mean interval in seconds.")
    deviation: float = Field(ge=0, description="Standard deviation in seconds.")
    samples: int = Field(ge=0, description="Intervals seen, of which a hundred at most count.")


class HeardOutside(Schema):
    """Heartbeats that came outside of predicted contact, since a whole pass came as predicted."""

    count: int = Field(ge=1, description="How many, when the status was written.")
    offset: float = Field(
        description="How far outside in seconds: after loss of signal (LOS), or, below zero, "
        "before acquisition (AOS). Of several about the largest."
    )
    station: str | None = Field(default=None, description="The station of that contact.")
