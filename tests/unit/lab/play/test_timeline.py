import pytest
from rich.console import Console
from rich.text import Text

from perigee_lab.play.player import Event, EventKind
from perigee_lab.play.timeline import Bars, Row, Timeline, axis, bar, duration, line
from perigee_lab.play.windows import ALWAYS, Span, Window


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], "··│·······"),
        ([Span(0, 100)], "━━│━━━━━━━"),
        ([Span(30, 60)], "··│━━━····"),
        # Too short for a character of its own, and shown all the same.
        ([Span(75, 76)], "··│····━··"),
        # It has ended before that character begins.
        ([Span(40, 50)], "··│·━·····"),
    ],
)
def test_a_character_is_an_equal_share_of_the_time(spans: list[Span], expected: str) -> None:
    assert bar(spans, 0, 100, 25, 10).plain == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0:00"), (-3, "0:00"), (65.4, "1:05"), (3599.6, "1:00:00"), (7325, "2:02:05")],
)
def test_durations_as_people_say_them(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Event(EventKind.AOS, "sat-1", 12.34, 90), "12.3 s  sat-1  AOS, link up; LOS in 1:18"),
        (Event(EventKind.LOS, "sat-1", 90, 150), "90.0 s  sat-1  LOS, link cut; AOS in 1:00"),
        (Event(EventKind.LOS, "sat-1", 90), "90.0 s  sat-1  LOS, link cut"),
        (Event(EventKind.LEFT, "sat-1", 90), "90.0 s  sat-1  link restored at the end"),
    ],
)
def test_an_event_as_a_line(event: Event, expected: str) -> None:
    assert line(event).plain.strip() == expected


class Stopped:
    def now_s(self) -> float:
        return 100

    def wait_until(self, moment_s: float) -> None:
        raise AssertionError(moment_s)


def test_the_timeline_says_how_it_stands() -> None:
    plan = {"sat-1": [Window(0, 90, 150)], "sat-2": ALWAYS}
    console = Console(width=100)
    with console.capture() as printed:
        console.print(Timeline(plan, Stopped(), 2))
    _, first, second, below, last = (row.split() for row in printed.get().splitlines())
    assert (first[:2], first[-3:]) == (["sat-1", "cut"], ["AOS", "in", "0:50"])
    assert (second[:2], second[-1:]) == (["sat-2", "up"], ["always"])
    assert "│" in first[2]
    assert set(first[2]) == {"━", "·", "│"}
    assert set(second[2]) == {"━", "│"}
    assert " ".join(below) == "5:00 ago now in 15:00"
    assert " ".join(last) == "1:40 of the plan, 2 times as fast; Ctrl-C restores all links"


def test_bars_are_as_wide_as_there_is_room_and_no_line_is_wider() -> None:
    rows = [Row("a-satellite-of-long-name", Text("MissedContact"), [Window(0, 10)])]
    for width in (80, 100, 200):
        lines = printed_lines(Bars(rows, "PHASE", 13, -60, 0, 180), width)
        assert len(lines) == 3
        assert max(map(len, lines)) <= width
        assert lines[1].split()[2].startswith("·")


def test_nobody_knows_when_a_satellite_is_in_contact() -> None:
    rows = [Row("sat-1", Text("Pending"), None), Row("sat-2", Text("Pending"), ())]
    _, first, second, _ = printed_lines(Bars(rows, "PHASE", 13, 0, 10, 100), 100)
    assert first.split() == ["sat-1", "Pending", "unknown", "-"]
    assert set(second.split()[2]) == {"·", "│"}


def test_no_satellite_is_no_bar() -> None:
    assert len(printed_lines(Bars([], "PHASE", 13, 0, 10, 100), 100)) == 2


@pytest.mark.parametrize("width", [20, 33, 60])
@pytest.mark.parametrize("now_s", [30, 100, 170])
def test_now_stands_beneath_its_mark(now_s: float, width: int) -> None:
    below = axis(0, 200, now_s, width).plain
    mark = bar([], 0, 200, now_s, width).plain.index("│")
    assert abs(below.index("now") + 1 - mark) <= 1
    assert len(below) == width


def test_the_ends_of_an_axis_that_is_long_enough_are_named() -> None:
    assert axis(0, 200, 100, 30).plain == "1:40 ago      now      in 1:40"
    assert axis(0, 200, 100, 12).plain.split() == ["now"]


def printed_lines(what: Bars, width: int) -> list[str]:
    console = Console(width=width)
    with console.capture() as printed:
        console.print(what)
    return [row.rstrip() for row in printed.get().splitlines()]
