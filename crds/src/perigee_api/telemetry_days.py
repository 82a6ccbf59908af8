"""What a satellite's telemetry came to, day by day: from it trends are told."""

from typing import Annotated, Final

from pydantic import Field

from perigee_api.base import Schema, Timestamp

MAX_DAYS: Final = 28
MAX_RESTARTS: Final = 99
"""In one day; more count as so many."""


class TelemetryDays(Schema):
    """The last days of telemetry, a figure a day in each list; null where a day has none.

    Whole numbers: an instance a satellite is kept, and small ones take no memory.
    """

    until: Timestamp = Field(description="When the last of these days ended.")
    lowest_battery: Annotated[list[int | None], Field(max_length=MAX_DAYS)] = Field(
        default_factory=list, description="Lowest charge of the battery in %, the last day's last."
    )
    highest_temperature: Annotated[list[int | None], Field(max_length=MAX_DAYS)] = Field(
        default_factory=list, description="Highest temperature in degrees Celsius."
    )
    restarts: Annotated[list[int | None], Field(max_length=MAX_DAYS)] = Field(
        default_factory=list,
        description=f"Restarts of the satellite or its agent, {MAX_RESTARTS} at most.",
    )
