"""The telemetry of each satellite, day by day, gathered from its heartbeats.

What is kept of a satellite is bounded: three figures a day for four weeks, which its status records
once a day, and the day under way. That one write a day is the price for days that outlive the
operator; of the day on which it restarts only the rest counts, which a trend of days bears.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from perigee_api.heartbeat import Report
from perigee_api.telemetry_days import TelemetryDays
from perigee_operator.domain.fleet import HeartbeatView
from perigee_operator.domain.trends.day import (
    Day,
    day_and_hour,
    day_begins_s,
    day_ends,
    has_restarted,
    with_day,
)
from perigee_operator.services.views.satellites import SatelliteRecord


@dataclass(slots=True)
class _Entry:
    begins_s: int
    """When its days begin: seconds after midnight, UTC."""
    days: TelemetryDays | None = None
    today: Day | None = None
    report: Report | None = None
    """The last that could be read."""
    last_at: datetime | None = None
    """The heartbeat that was taken note of last."""

    def hear(self, at: datetime, report: Report) -> None:
        number, hour = day_and_hour(at, self.begins_s)
        today = self.today
        if today is None or number > today.number:
            if today is not None:
                self.days = with_day(self.days, today, day_ends(today.number, self.begins_s))
            today = Day(number)
        restarted = self.report is not None and has_restarted(self.report, report)
        self.today = today.heard(hour, report.telemetry, restarted=restarted)
        self.report = report


class TelemetryBook:
    """The last days of all satellites, by uid."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def of(self, record: SatelliteRecord, heartbeat: HeartbeatView | None) -> TelemetryDays | None:
        """The days of a satellite that are complete, as far as its last heartbeat tells.

        They go on with what its status says; the same object, as long as that is all there is.
        """
        entry = self._entries.get(record.uid)
        if entry is None:
            entry = self._entries[record.uid] = _Entry(day_begins_s(record.uid))
        recorded = record.status.telemetry_days
        if recorded is not None and (entry.days is None or recorded.until >= entry.days.until):
            entry.days = recorded
        if heartbeat is not None and heartbeat.arrived_at != entry.last_at:
            entry.last_at = heartbeat.arrived_at
            if heartbeat.report is not None:
                entry.hear(heartbeat.arrived_at, heartbeat.report)
        return entry.days

    def keep(self, uids: AbstractSet[str]) -> None:
        """Forgets all other satellites, as soon as there are more of them than these."""
        if len(self._entries) > len(uids):
            for uid in self._entries.keys() - uids:
                del self._entries[uid]
