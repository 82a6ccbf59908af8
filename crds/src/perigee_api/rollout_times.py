"""When rollouts may start anything."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from perigee_api.base import Schema, Timestamp
from perigee_api.rules import Rule, rules

_MINUTE = "[0-5]?[0-9]"
_HOUR = "([01]?[0-9]|2[0-3])"
_DAY = "(0?[1-9]|[12][0-9]|3[01])"
_MONTH = "(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
_WEEKDAY = "([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)"


def _field(value: str) -> str:
    part = rf"(\*|{value}(-{value})?)(/[1-9][0-9]?)?"
    return f"{part}(,{part})*"


CRON: Final = f"^{' '.join(map(_field, (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)))}$"
"""Five fields, as in crontab(5) of Debian: minute, hour, day of the month, month, weekday."""

SHORTEST_WINDOW_S: Final = 60
"""What recurs does so by the minute."""


class Times(Schema):
    """Spans of time: by schedule and duration again and again, or from start to end once."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.schedule) ? has(self.duration) && !has(self.start) && !has(self.end) : "
                "has(self.start) && has(self.end) && !has(self.duration) && !has(self.timeZone)",
                "either schedule and duration, and timeZone if need be, or start and end must be "
                "given",
            ),
            Rule(
                "!has(self.start) || !has(self.end) || self.end > self.start",
                "end must be later than start",
                field=".end",
            ),
        )
    )

    schedule: Annotated[str, Field(max_length=128, pattern=CRON)] | None = Field(
        default=None,
        description="When spans begin: minute, hour, day of the month, month and day of the week, "
        "as in cron. A weekday beside a day of the month: either will do, unless one begins with "
        "'*'.",
    )
    duration: float | None = Field(
        default=None,
        ge=SHORTEST_WINDOW_S,
        le=31_536_000,
        description="Seconds that each of them lasts, whatever the clocks on the walls do: in a "
        "night in which they are put forward it ends an hour later by local time.",
    )
    time_zone: (
        Annotated[
            str,
            Field(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"),
        ]
        | None
    ) = Field(
        default=None,
        description="Of the schedule, as in the IANA database: Europe/Berlin. UTC, if not given. "
        "Where the clock is put forward, a span that would begin in the hour that is left out "
        "begins when that hour is over; where it is put back, one that would begin twice begins "
        "the first time only. Where the minute or the hour begins with '*' spans begin whenever "
        "the clock shows so. This is how cron does it.",
    )
    start: Timestamp | None = Field(default=None, description="When the one span begins.")
    end: Timestamp | None = Field(default=None, description="When it ends; later than start.")


class AtWindowEnd(StrEnum):
    """What becomes of a rollout under way when nothing may be started any more."""

    HOLD = "hold"
    REVERT = "revert"
