from datetime import timedelta
from sys import getsizeof
from typing import Any

from paper_fleet.intents import satellite_body
from paper_fleet.views import at, heartbeat
from perigee_api.heartbeat import Report, Telemetry
from perigee_api.satellite_node import SatelliteNodeStatus, TelemetryDays
from perigee_api.telemetry_days import MAX_DAYS
from perigee_operator.services.telemetry_book import TelemetryBook
from perigee_operator.services.views.satellites import SatelliteRecord, satellite_record

HOUR_S = 3600
DAY_HOURS = 24


def record(days: TelemetryDays | None = None, uid: str = "u") -> SatelliteRecord:
    status = SatelliteNodeStatus(telemetry_days=days)
    written = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    metadata = {"name": "sat-1", "uid": uid, "resourceVersion": "1"}
    return satellite_record({"metadata": metadata, "spec": satellite_body(), "status": written})


class Told:
    """A book, and heartbeats that come each hour."""

    def __init__(self, record: SatelliteRecord) -> None:
        self.book = TelemetryBook()
        self.record = record
        self.hours = 0

    def hour(self, **telemetry: Any) -> TelemetryDays | None:
        """One more hour, with a heartbeat."""
        self.hours += 1
        report = Report(sequence=self.hours, telemetry=Telemetry(**telemetry))
        return self.book.of(self.record, heartbeat(self.hours * HOUR_S, report=report))

    def day(self, **telemetry: Any) -> TelemetryDays | None:
        for _ in range(DAY_HOURS):
            found = self.hour(**telemetry)
        return found


def test_days_are_told_once_they_are_complete() -> None:
    told = Told(record())
    assert told.book.of(told.record, None) is None
    first = told.day(battery_percent=60, temperature_c=30)
    second = told.day(battery_percent=50, temperature_c=31)
    third = told.day(battery_percent=40, temperature_c=32)
    assert third is not None
    assert first is None or first.lowest_battery == [60]
    assert second is not None
    assert third.until == second.until + timedelta(days=1)
    assert third.lowest_battery[-2:] == [*second.lowest_battery[-1:], third.lowest_battery[-1]]
    assert third.restarts == [0] * len(third.restarts)


def test_each_heartbeat_is_heard_once() -> None:
    told = Told(record())
    told.day(battery_percent=60)
    before = told.day(battery_percent=60)
    again = heartbeat(told.hours * HOUR_S, report=Report(sequence=0))
    assert told.book.of(told.record, again) is before
    told.day(battery_percent=60)
    after = told.day(battery_percent=60)
    assert after is not None
    assert after.restarts == [0] * len(after.restarts)


def test_restarts_are_counted_and_a_report_that_cannot_be_read_tells_nothing() -> None:
    told = Told(record())
    for boot in "aabbbc":
        told.hour(boot_id=boot)
    told.hours += 1
    odd = heartbeat(told.hours * HOUR_S, report=None, report_error="odd")
    told.book.of(told.record, odd)
    told.day(boot_id="c")
    days = told.day(boot_id="c")
    assert days is not None
    assert sum(count or 0 for count in days.restarts) == 2


def test_what_the_status_says_is_gone_on_with() -> None:
    written = TelemetryDays(until=at(-90 * HOUR_S), lowest_battery=[62, 61], restarts=[0, 1])
    own = record(written)
    told = Told(own)
    assert told.book.of(own, None) is own.status.telemetry_days
    told.day(battery_percent=60)
    days = told.day(battery_percent=59)
    assert days is not None
    assert days.lowest_battery[:2] == [62, 61]
    assert days.lowest_battery[-1] in {59, 60}
    # Once it is written down, there is one of it.
    recorded = record(days)
    assert told.book.of(recorded, None) is recorded.status.telemetry_days
    # An older status does not take away what has been learnt since.
    assert told.book.of(own, None) == days


def test_others_are_forgotten() -> None:
    told = Told(record())
    told.day(battery_percent=60)
    told.day(battery_percent=60)
    told.book.keep({"u"})
    assert told.book.of(told.record, None) is not None
    told.book.keep(set())
    assert told.book.of(told.record, None) is None


def test_four_weeks_of_a_satellite_take_less_than_two_kilobytes() -> None:
    told = Told(record())
    for number in range(MAX_DAYS + 9):
        days = told.day(battery_percent=90 - number, temperature_c=20 + number)
    assert days is not None
    assert len(days.restarts) == MAX_DAYS
    lists = (days.lowest_battery, days.highest_temperature, days.restarts)
    parts = (days, days.__dict__, days.model_fields_set, days.until, *lists)
    assert sum(map(getsizeof, parts)) < 2048
