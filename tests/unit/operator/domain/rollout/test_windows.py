from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perigee_api.rollout import Rollout
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.rollout.windows import NonsenseError, Standing, Timing, timing

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def recurring(schedule: str, duration_s: float, zone: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"schedule": schedule, "duration": duration_s}
    return found if zone is None else found | {"timeZone": zone}


def once(start: datetime | str, end: datetime | str) -> dict[str, Any]:
    return {"start": str(start), "end": str(end)}


def times(**said: Any) -> Timing:
    return timing(Rollout.model_validate(said))


NIGHTLY = recurring("0 2 * * *", 7200)
CHRISTMAS = once("2026-12-24T00:00Z", "2026-12-27T00:00Z")


@pytest.mark.parametrize(
    ("said", "now", "standing", "until", "opens_at"),
    [
        ({}, "2026-11-22T12:00", "Open", None, None),
        ({"windows": []}, "2026-11-22T12:00", "Open", None, None),
        ({"windows": [NIGHTLY]}, "2026-11-22T01:59:59", "OutsideWindows", "22T02:00", "22T02:00"),
        ({"windows": [NIGHTLY]}, "2026-11-22T02:00", "Open", "22T04:00", None),
        ({"windows": [NIGHTLY]}, "2026-11-22T03:59:59", "Open", "22T04:00", None),
        ({"windows": [NIGHTLY]}, "2026-11-22T04:00", "OutsideWindows", "23T02:00", "23T02:00"),
        # Windows that touch or overlap are one.
        (
            {"windows": [NIGHTLY, recurring("0 4 * * *", 3600), recurring("30 3 * * *", 3600)]},
            "2026-11-22T02:30",
            "Open",
            "22T05:00",
            None,
        ),
        # One that begins again before it ends is one, too.
        (
            {"windows": [recurring("0 1-3 * * *", 5400)]},
            "2026-11-22T01:00",
            "Open",
            "22T04:30",
            None,
        ),
        (
            {"notBefore": "2026-11-23T00:00Z"},
            "2026-11-22T12:00",
            "NotBefore",
            "23T00:00",
            "23T00:00",
        ),
        ({"notBefore": "2026-11-22T12:00Z"}, "2026-11-22T12:00", "Open", None, None),
        (
            {"notBefore": "2026-11-23T03:00Z", "windows": [NIGHTLY]},
            "2026-11-22T12:00",
            "NotBefore",
            "23T03:00",
            "23T03:00",
        ),
        (
            {"notBefore": "2026-11-23T05:00Z", "windows": [NIGHTLY]},
            "2026-11-22T12:00",
            "NotBefore",
            "23T05:00",
            "24T02:00",
        ),
        ({"blackouts": [CHRISTMAS]}, "2026-12-23T12:00", "Open", "24T00:00", None),
        ({"blackouts": [CHRISTMAS]}, "2026-12-24T00:00", "Blackout", "27T00:00", "27T00:00"),
        ({"blackouts": [CHRISTMAS]}, "2026-12-27T00:00", "Open", None, None),
        # Outside of the windows comes first; within one the blackout shows.
        (
            {"blackouts": [CHRISTMAS], "windows": [NIGHTLY]},
            "2026-12-24T12:00",
            "OutsideWindows",
            "25T02:00",
            "27T02:00",
        ),
        (
            {"blackouts": [CHRISTMAS], "windows": [NIGHTLY]},
            "2026-12-25T03:00",
            "Blackout",
            "25T04:00",
            "27T02:00",
        ),
        (
            {"blackouts": [recurring("0 3 * * *", 60)], "windows": [NIGHTLY]},
            "2026-11-22T02:00",
            "Open",
            "22T03:00",
            None,
        ),
        (
            {"blackouts": [recurring("0 3 * * *", 60)], "windows": [NIGHTLY]},
            "2026-11-22T03:00",
            "Blackout",
            "22T03:01",
            "22T03:01",
        ),
        # A blackout that ends before it begins is none, and neither is such a window.
        (
            {"blackouts": [once("2026-12-01T00:00Z", "2026-11-01T00:00Z")]},
            "2026-11-22T00:00",
            "Open",
            None,
            None,
        ),
        (
            {"windows": [once("2026-11-01T00:00Z", "2026-11-02T00:00Z")]},
            "2026-11-22T00:00",
            "OutsideWindows",
            None,
            None,
        ),
    ],
)
def test_how_it_stands(
    said: dict[str, Any], now: str, standing: str, until: str | None, opens_at: str | None
) -> None:
    def then(text: str | None) -> datetime | None:
        return None if text is None else utc(now[:8] + text)

    found = times(**said).outlook(utc(now))
    assert found.standing == standing
    assert found.until == (then(until) or END)
    assert found.opens_at == then(opens_at)


@pytest.mark.parametrize(
    ("schedule", "day", "opened"),
    [
        # In winter and in summer.
        ("30 2 * * *", "2026-01-15", ["01:30"]),
        ("30 2 * * *", "2026-07-15", ["00:30"]),
        # 29 March: 02:00 to 03:00 is left out; what would begin then begins at 03:00, once.
        ("30 2 * * *", "2026-03-29", ["01:00"]),
        ("0,30 2 * * *", "2026-03-29", ["01:00"]),
        ("30 1,3 * * *", "2026-03-29", ["00:30", "01:30", "23:30"]),
        ("30 * * * *", "2026-03-29", [f"{hour:02d}:30" for hour in range(24)]),
        # 25 October: 02:00 to 03:00 comes twice; what would begin then begins the first time.
        ("30 2 * * *", "2026-10-25", ["00:30"]),
        ("30 1,3 * * *", "2026-10-25", ["02:30"]),
        ("30 * * * *", "2026-10-25", [f"{hour:02d}:30" for hour in range(24)]),
        ("*/30 2 * * *", "2026-10-25", ["00:00", "00:30", "01:00", "01:30"]),
    ],
)
def test_when_clocks_are_changed(schedule: str, day: str, opened: list[str]) -> None:
    """The minutes of the day, in UTC, at which a window of a minute opens in Berlin."""
    found = times(windows=[recurring(schedule, 60, BERLIN)])
    first = utc(f"{day}T00:00")
    minutes = [first + n * MINUTE for n in range(24 * 60)]
    assert [f"{m:%H:%M}" for m in minutes if found.is_open(m)] == opened


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-01-15", 2), ("2026-03-29", 2), ("2026-10-25", 2)]
)
def test_a_window_lasts_as_long_as_it_says_whatever_the_clocks_do(day: str, hours: int) -> None:
    found = times(windows=[recurring("30 1 * * *", hours * 3600, BERLIN)])
    opens = found.outlook(utc(f"{day}T00:00") - 2 * HOUR).opens_at
    assert opens is not None
    assert opens.astimezone(ZoneInfo(BERLIN)).strftime("%H:%M") == "01:30"
    assert found.next_change(opens) == opens + hours * HOUR


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"windows": [recurring("0 2 30 2 *", 60)]}, "windows[0].schedule: '0 2 30 2 *' is not"),
        ({"windows": [NIGHTLY, recurring("5-1 2 * * *", 60)]}, "windows[1].schedule: '5-1 2 * * *"),
        (
            {"windows": [recurring("0 2 * * *", 60, "Mars/Olympus")]},
            "windows[0].timeZone: there is no 'Mars/Olympus' in the IANA database",
        ),
        (
            {"windows": [recurring("0 2 * * *", 60, "Europe")]},
            "windows[0].timeZone: there is no 'E",
        ),
        ({"blackouts": [recurring("0 2 31 4 *", 60)]}, "blackouts[0].schedule: '0 2 31 4 *' is no"),
        ({"blackouts": [{"schedule": "0 2 * * *"}]}, "blackouts[0]: neither schedule and duration"),
        ({"windows": [{}]}, "windows[0]: neither schedule and duration nor start and end"),
    ],
)
def test_what_makes_no_sense_is_named(said: dict[str, Any], why: str) -> None:
    with pytest.raises(NonsenseError) as found:
        times(**said)
    assert str(found.value).startswith(why)


@pytest.mark.parametrize("said", ["windows", "blackouts"])
def test_what_goes_on_for_ever_is_looked_at_again_and_again(said: str) -> None:
    """Minute after minute without a gap: nobody looks for its end beyond a limit."""
    found = times(**{said: [recurring("* * * * *", 60)]})
    now = utc("2026-11-22T12:00")
    outlook = found.outlook(now)
    assert now < outlook.until < END
    assert outlook.opens_at is None
    assert outlook.standing == ("Open" if said == "windows" else "Blackout")


SCHEDULES = st.sampled_from(
    [
        "0 2 * * *",
        "30 2 * * *",
        "15 0 * * *",
        "0 */6 * * *",
        "*/20 1-3 * * *",
        "45 * * * *",
        "0 3 * * SUN",
        "0 23 1,15 * *",
        "10,50 2,3 29 3 *",
        "30 2 25 OCT SUN",
    ]
)
ZONES = st.sampled_from([None, BERLIN, "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"])
DURATIONS = st.sampled_from([60, 1800, 3600, 5400, 7200.5, 86400, 180_000])
RECURRING = st.builds(recurring, SCHEDULES, DURATIONS, ZONES)
MOMENTS = st.integers(0, 235 * 24 * 60 * 60).map(
    lambda seconds: utc("2026-03-20T00:00") + timedelta(seconds=seconds)
) | st.sampled_from([utc("2026-03-29T00:30"), utc("2026-10-25T00:30"), utc("2026-10-25T01:30")])
ONCE = st.builds(
    lambda start, hours: once(start, start + hours * HOUR), MOMENTS, st.integers(1, 100)
)
TIMES = st.builds(
    lambda windows, blackouts, moment: times(
        windows=windows, blackouts=blackouts, **({"notBefore": str(moment)} if moment else {})
    ),
    st.lists(RECURRING | ONCE, max_size=2),
    st.lists(RECURRING | ONCE, max_size=2),
    st.none() | MOMENTS,
)


@given(TIMES, MOMENTS, st.floats(0, 1, exclude_max=True))
def test_nothing_changes_before_the_next_change(found: Timing, now: datetime, part: float) -> None:
    outlook = found.outlook(now)
    assert outlook.until > now
    between = now + part * min(outlook.until - now, timedelta(days=1000))
    assume(between < outlook.until)
    later = found.outlook(between)
    # What is said in between is the very same: whoever remembers it need not ask again.
    assert later.standing is outlook.standing
    assert later.opens_at == outlook.opens_at
    assert later.until >= outlook.until


@given(TIMES, MOMENTS)
def test_it_opens_when_it_says_so_and_not_before(found: Timing, now: datetime) -> None:
    opens_at = found.outlook(now).opens_at
    if opens_at is None:
        assert found.is_open(now) or found.opens(now) is None
        return
    assert found.is_open(opens_at)
    # All changes up to there: none of them opens.
    moment, turns = found.next_change(now), 0
    while moment < opens_at and turns < 200:
        assert not found.is_open(moment)
        moment, turns = found.next_change(moment), turns + 1


@given(TIMES, MOMENTS)
def test_what_is_open_ends_in_something_that_stands_in_the_way(
    found: Timing, now: datetime
) -> None:
    opened = now if found.is_open(now) else found.opens(now) or END
    ends = found.next_change(opened) if opened < END else END
    # What goes on for weeks without a gap is looked at again before it ends.
    assert ends == END or not found.is_open(ends) or ends - opened > timedelta(days=7)


@given(
    st.lists(RECURRING | ONCE, min_size=1, max_size=2),
    st.lists(RECURRING, max_size=2),
    ONCE,
    MOMENTS,
)
def test_a_window_more_opens_and_a_blackout_more_closes(
    windows: list[dict[str, Any]],
    blackouts: list[dict[str, Any]],
    another: dict[str, Any],
    now: datetime,
) -> None:
    as_it_was = times(windows=windows, blackouts=blackouts).is_open(now)
    assert times(windows=[*windows, another], blackouts=blackouts).is_open(now) >= as_it_was
    assert times(windows=windows, blackouts=[*blackouts, another]).is_open(now) <= as_it_was


@given(SCHEDULES, st.sampled_from([60, 1800, 3600]), MOMENTS)
def test_as_a_clock_in_utc_that_is_read_every_minute(
    schedule: str, duration_s: float, now: datetime
) -> None:
    """The fields of the schedule by the minute, with no library between."""
    found = times(windows=[recurring(schedule, duration_s)])
    minute = now.replace(second=0, microsecond=0)
    begun = [minute - n * MINUTE for n in range(int(duration_s // 60) + 1)]
    expected = any(
        shows(schedule, moment) and moment <= now < moment + timedelta(seconds=duration_s)
        for moment in begun
    )
    assert found.is_open(now) == expected


NAMED = {"SUN": "0", "OCT": "10"}


def shows(schedule: str, moment: datetime) -> bool:
    """Whether a clock that shows this moment is at a time that the schedule names."""
    minute, hour, day, month, weekday = schedule.split()
    of_month = holds(day, moment.day, 1)
    of_week = holds(weekday, moment.isoweekday() % 7, 0)
    on = of_month and of_week if "*" in {day[0], weekday[0]} else of_month or of_week
    rest = ((minute, moment.minute, 0), (hour, moment.hour, 0), (month, moment.month, 1))
    return on and all(holds(*field) for field in rest)


def holds(field: str, value: int, lowest: int) -> bool:
    return any(_holds(NAMED.get(part, part), value, lowest) for part in field.split(","))


def _holds(part: str, value: int, lowest: int) -> bool:
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if first == "*":
        return (value - lowest) % int(step or 1) == 0
    return int(first) <= value <= int(last or first) and (value - int(first)) % int(step or 1) == 0


def test_all_standings_are_told_apart() -> None:
    assert {str(each) for each in Standing} == {
        "Open",
        "NotBefore",
        "OutsideWindows",
        "Blackout",
    }
