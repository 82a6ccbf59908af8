from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.heartbeat import Report, Telemetry
from perigee_api.satellite_node import TelemetryDays
from perigee_api.telemetry_days import MAX_DAYS, MAX_RESTARTS
from perigee_operator.domain.trends.day import (
    LEAST_HOURS,
    Day,
    day_and_hour,
    day_begins_s,
    day_ends,
    has_restarted,
    with_day,
)

ENDED = datetime(2026, 3, 1, tzinfo=UTC)
FULL = Day(1, hours=LEAST_HOURS, lowest_battery=61.4, highest_temperature=40.6, restarts=2)


def test_a_day_has_the_extremes_of_what_was_heard_in_it() -> None:
    day = Day(1)
    for hour, battery, temperature, restarted in (
        (3, 80, 20, False),
        (3, 70, None, True),
        (4, None, 45.5, True),
        (6, 90, 30, False),
    ):
        telemetry = Telemetry(battery_percent=battery, temperature_c=temperature)
        day = day.heard(hour, telemetry, restarted=restarted)
    assert day == Day(1, 3, 6, lowest_battery=70, highest_temperature=45.5, restarts=2)


def test_extremes_of_an_orbit_come_before_what_was_measured_last() -> None:
    telemetry = Telemetry(
        battery_percent=80,
        lowest_battery_percent=55,
        temperature_c=20,
        highest_temperature_c=48,
    )
    day = Day(1).heard(0, telemetry, restarted=False)
    assert (day.lowest_battery, day.highest_temperature) == (55, 48)


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), float("-inf"), 1e30, -274.0])
def test_a_sensor_that_has_failed_is_not_heard(nonsense: float) -> None:
    day = Day(1).heard(0, Telemetry(temperature_c=nonsense), restarted=False)
    assert day.highest_temperature is None
    day = day.heard(0, Telemetry(temperature_c=20), restarted=False)
    assert day.heard(0, Telemetry(temperature_c=nonsense), restarted=False) is day


def test_what_says_nothing_new_makes_no_new_day() -> None:
    day = Day(1).heard(5, Telemetry(battery_percent=60, temperature_c=30), restarted=False)
    said_before = Telemetry(battery_percent=60, temperature_c=29)
    assert day.heard(5, said_before, restarted=False) is day
    assert day.heard(4, said_before, restarted=False) is day
    assert day.heard(6, said_before, restarted=False) is not day


def test_restarts_are_counted_up_to_a_bound() -> None:
    day = Day(1)
    for _ in range(MAX_RESTARTS + 5):
        day = day.heard(0, Telemetry(), restarted=True)
    assert day.restarts == MAX_RESTARTS


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.text(max_size=36))  # noqa: DTZ001 - given one below
def test_a_moment_lies_within_its_day(naive: datetime, uid: str) -> None:
    at = naive.replace(tzinfo=UTC)
    begins_s = day_begins_s(uid)
    number, hour = day_and_hour(at, begins_s)
    begins = day_ends(number, begins_s) - timedelta(days=1)
    assert begins + timedelta(hours=hour) <= at < begins + timedelta(hours=hour + 1)
    assert 0 <= hour < 24


def test_days_of_a_fleet_begin_at_all_hours() -> None:
    hours = {day_begins_s(f"uid-{number}") // 3600 for number in range(500)}
    assert hours == set(range(24))


@pytest.mark.parametrize(
    ("before", "after", "restarted"),
    [
        ((7, "a"), (8, "a"), False),
        ((7, "a"), (0, "a"), True),
        ((7, "a"), (9, "b"), True),
        ((7, None), (9, "b"), False),
        ((7, "a"), (9, None), False),
        ((7, None), (0, None), True),
    ],
)
def test_a_restart_shows_in_the_boot_or_in_the_count_of_heartbeats(
    before: tuple[int, str | None], after: tuple[int, str | None], *, restarted: bool
) -> None:
    one, other = (
        Report(sequence=sequence, telemetry=Telemetry(boot_id=boot_id))
        for sequence, boot_id in (before, after)
    )
    assert has_restarted(one, other) is restarted


def test_a_complete_day_is_put_behind_those_before() -> None:
    first = with_day(None, FULL, ENDED)
    assert first == TelemetryDays(
        until=ENDED, lowest_battery=[61], highest_temperature=[41], restarts=[2]
    )
    gap = with_day(first, FULL, ENDED + timedelta(days=3))
    assert gap is not None
    assert gap.until == ENDED + timedelta(days=3)
    assert gap.lowest_battery == [61, None, None, 61]
    assert gap.restarts == [2, None, None, 2]


def test_a_day_of_which_little_was_heard_or_that_is_over_already_is_left_out() -> None:
    first = with_day(None, FULL, ENDED)
    little = Day(1, hours=LEAST_HOURS - 1, lowest_battery=3)
    assert with_day(None, little, ENDED) is None
    assert with_day(first, little, ENDED + timedelta(days=1)) is first
    assert with_day(first, FULL, ENDED) is first
    assert with_day(first, FULL, ENDED - timedelta(days=9)) is first


def test_a_satellite_without_sensors_has_restarts_alone() -> None:
    days = with_day(None, Day(1, hours=9), ENDED)
    assert days == TelemetryDays(until=ENDED, restarts=[0])
    later = with_day(days, FULL, ENDED + timedelta(days=1))
    assert later is not None
    assert (later.lowest_battery, later.restarts) == ([61], [0, 2])


@given(st.lists(st.integers(1, 4000), max_size=60))
def test_what_is_kept_is_bounded_and_ends_with_the_last_day(gaps: list[int]) -> None:
    days, until = None, ENDED
    for gap in gaps:
        until += timedelta(days=gap)
        days = with_day(days, FULL, until)
        assert days is not None
        assert TelemetryDays.model_validate(days.model_dump()) == days
        assert len(days.lowest_battery) == len(days.restarts) <= MAX_DAYS
        assert days.lowest_battery[-1] == 61
    assert days is None or len([d for d in days.restarts if d is not None]) <= len(gaps)
