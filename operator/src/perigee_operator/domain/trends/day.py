"""From heartbeats to figures a day.

A day is compared with other days by its extremes. What a satellite in low orbit measures swings
with every eclipse, some fifteen times a day, and passes show parts of that which move on from day
to day. So agents tell the extremes of whole orbits, and a day has the extremes of those. Where an
agent tells none, what was measured at the heartbeats has to do: days compare less well then.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zlib import crc32

from perigee_api.heartbeat import Report, Telemetry
from perigee_api.telemetry_days import MAX_DAYS, MAX_RESTARTS, TelemetryDays

DAY_S: Final = 86_400
HOUR_S: Final = 3600
LEAST_HOURS: Final = 3
"""A day counts if the satellite was heard in so many hours of it: a single pass shows one part of
one orbit."""
PLAUSIBLE_C: Final = (-100.0, 200.0)
"""What else a sensor says is that it has failed; neither does it say infinity here."""


@dataclass(frozen=True, slots=True)
class Day:
    """What has been heard so far of a satellite's day."""

    number: int
    """Days since 1970, by the satellite's own beginning of a day: see `day_begins_s`."""
    hours: int = 0
    """In how many hours of the day it was heard."""
    last_hour: int = -1
    lowest_battery: float | None = None
    highest_temperature: float | None = None
    restarts: int = 0

    def heard(self, hour: int, telemetry: Telemetry, *, restarted: bool) -> "Day":
        """The day after one more heartbeat; the very same where that says nothing new."""
        battery, temperature = _lowest_battery(telemetry), _highest_c(telemetry)
        if (
            hour <= self.last_hour
            and not restarted
            and (battery is None or not _is_more(-battery, _negated(self.lowest_battery)))
            and (temperature is None or not _is_more(temperature, self.highest_temperature))
        ):
            return self
        batteries = [each for each in (self.lowest_battery, battery) if each is not None]
        temperatures = [
            each for each in (self.highest_temperature, temperature) if each is not None
        ]
        return replace(
            self,
            hours=self.hours + (hour > self.last_hour),
            last_hour=max(hour, self.last_hour),
            lowest_battery=min(batteries, default=None),
            highest_temperature=max(temperatures, default=None),
            restarts=min(self.restarts + restarted, MAX_RESTARTS),
        )


def day_begins_s(uid: str) -> int:
    """Seconds after midnight, UTC, at which the days of a satellite begin.

    They follow from its uid, so that a fleet does not write the figures of its days all at once.
    """
    return crc32(uid.encode()) % DAY_S


def day_and_hour(at: datetime, begins_s: int) -> tuple[int, int]:
    """The number of the day of a moment, and the hour of that day, from 0 on."""
    day, rest_s = divmod(at.timestamp() - begins_s, DAY_S)
    return int(day), int(rest_s // HOUR_S)


def day_ends(number: int, begins_s: int) -> datetime:
    """When a day ends."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number + 1, seconds=begins_s)


def has_restarted(before: Report, after: Report) -> bool:
    """Whether the satellite, or its agent alone, has restarted between two reports.

    The boot is another, or the agent counts its heartbeats anew. Several restarts between the two
    look like one.
    """
    boots = (before.telemetry.boot_id, after.telemetry.boot_id)
    return after.sequence < before.sequence or (None not in boots and boots[0] != boots[1])


def with_day(days: TelemetryDays | None, day: Day, until: datetime) -> TelemetryDays | None:
    """The last days after one more that is complete, and ended then.

    One of which too little was heard is left out; so is one that ended before the last.
    """
    if day.hours < LEAST_HOURS:
        return days
    known = days or TelemetryDays(until=until - timedelta(days=1))
    gap = round((until - known.until) / timedelta(days=1))
    if gap < 1:
        return days
    return TelemetryDays(
        until=until,
        lowest_battery=_appended(known.lowest_battery, gap, _whole(day.lowest_battery)),
        highest_temperature=_appended(
            known.highest_temperature, gap, _whole(day.highest_temperature)
        ),
        restarts=_appended(known.restarts, gap, day.restarts),
    )


def _appended(figures: list[int | None], gap: int, figure: int | None) -> list[int | None]:
    """The figures and one more, so many days after the last; none where no day has any."""
    silent: list[int | None] = [None] * min(gap - 1, MAX_DAYS)
    found = [*figures, *silent, figure][-MAX_DAYS:]
    return found if any(each is not None for each in found) else []


def _whole(figure: float | None) -> int | None:
    return None if figure is None else round(figure)


def _lowest_battery(telemetry: Telemetry) -> float | None:
    lowest = telemetry.lowest_battery_percent
    return telemetry.battery_percent if lowest is None else lowest


def _highest_c(telemetry: Telemetry) -> float | None:
    highest = telemetry.highest_temperature_c
    temperature = telemetry.temperature_c if highest is None else highest
    low, high = PLAUSIBLE_C
    return temperature if temperature is not None and low <= temperature <= high else None


def _is_more(value: float, than: float | None) -> bool:
    return than is None or value > than


def _negated(value: float | None) -> float | None:
    return None if value is None else -value
