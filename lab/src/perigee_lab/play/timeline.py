"""The contact timeline, for people to watch: a bar a satellite."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from perigee_lab.play.due import Plan, in_contact, next_change_s
from perigee_lab.play.player import Clock, Event, EventKind
from perigee_lab.play.windows import Span, Windows, contact_spans

SHOWN_S: Final = 600.0
"""Wall-clock seconds that a bar stands for."""
PAST: Final = 0.25
"""Share of them that has gone by."""

_NEXT_COLUMNS: Final = 14
"""As much as `LOS in 5:59:59` takes, so that bars do not change their length."""
_GAPS: Final = 6
_NOW: Final = "now"
_LEAST: Final = 20
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Row:
    """A satellite in a timeline."""

    name: str
    state: Text
    """How it is now."""
    windows: Windows | None
    """None: nobody knows when it is in contact."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar a satellite over the same span of time, as wide as there is room, and its axis."""

    rows: Sequence[Row]
    heading: str
    """What the rows' states are."""
    state_columns: int
    """As many as the longest state takes."""
    since_s: float
    now_s: float
    until_s: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table."""
        headings = ("SATELLITE", self.heading, "CONTACT", "NEXT")
        names = max(len(headings[0]), *(len(row.name) for row in self.rows), 0)
        around = names + self.state_columns + _NEXT_COLUMNS + _GAPS
        width = max(_LEAST, options.max_width - around)
        table = Table(box=None, pad_edge=False)
        for heading, columns in zip(
            headings, (names, self.state_columns, width, _NEXT_COLUMNS), strict=True
        ):
            table.add_column(heading, no_wrap=True, min_width=columns)
        for row in self.rows:
            table.add_row(row.name, row.state, *self._contacts(row.windows, width))
        table.add_row("", "", axis(self.since_s, self.until_s, self.now_s, width), "")
        yield table

    def _contacts(self, windows: Windows | None, width: int) -> tuple[Text, Text]:
        """A satellite's bar, and what comes next."""
        if windows is None:
            return Text("unknown", style="dim"), Text("-", style="dim")
        spans = contact_spans(windows, self.since_s, self.until_s)
        return (
            bar(spans, self.since_s, self.until_s, self.now_s, width),
            Text(_next(windows, self.now_s)),
        )


class Timeline:
    """Renders how the plan stands at the moment it is asked."""

    def __init__(self, plan: Plan, clock: Clock, speed: float) -> None:
        self._plan = plan
        self._clock = clock
        self._speed = speed

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A row a satellite, and what ends it."""
        now_s = self._clock.now_s()
        since_s = now_s - PAST * SHOWN_S * self._speed
        until_s = since_s + SHOWN_S * self._speed
        rows = [
            Row(name, _link(up=in_contact(windows, now_s)), windows)
            for name, windows in self._plan.items()
        ]
        yield Bars(rows, "LINK", len("LINK"), since_s, now_s, until_s)
        speed = "" if self._speed == 1 else f", {self._speed:g} times as fast"
        yield Text(f"{duration(now_s)} of the plan{speed}; Ctrl-C restores all links", style="dim")


def bar(spans: Sequence[Span], since_s: float, until_s: float, now_s: float, width: int) -> Text:
    """A bar of contact over time, a character an equal share of it.

    A contact shorter than a character is shown by one all the same.
    """
    each_s = (until_s - since_s) / width
    starts_s = (since_s + number * each_s for number in range(width))
    shown = [_character(spans, start_s, start_s + each_s, now_s) for start_s in starts_s]
    text = Text()
    for style, alike in groupby(shown, key=itemgetter(1)):
        text.append("".join(character for character, _ in alike), style=style)
    return text


def _character(
    spans: Sequence[Span], start_s: float, end_s: float, now_s: float
) -> tuple[str, str]:
    """A share of a bar, and its style."""
    if start_s <= now_s < end_s:
        return "│", "bold"
    contact = any(span.start_s < end_s and span.end_s > start_s for span in spans)
    dim = "dim " if end_s <= now_s else ""
    return ("━", f"{dim}green") if contact else ("·", f"{dim}blue")


def axis(since_s: float, until_s: float, now_s: float, width: int) -> Text:
    """What is under a bar: where it is now, and what its ends are if there is room for that."""
    mark = math.floor((now_s - since_s) / (until_s - since_s) * width)
    left = min(max(0, mark - 1), width - len(_NOW))
    right = width - left - len(_NOW)
    begin, end = f"{duration(now_s - since_s)} ago", f"in {duration(until_s - now_s)}"
    before = begin if len(begin) < left else ""
    after = end if len(end) < right else ""
    return Text(before.ljust(left) + _NOW + after.rjust(right), style="dim")


def line(event: Event) -> Text:
    """An event as a line."""
    told = {
        EventKind.AOS: ("AOS, link up", "green", "LOS"),
        EventKind.LOS: ("LOS, link cut", "red", "AOS"),
        EventKind.LEFT: ("link restored at the end", "", ""),
    }
    what, style, following = told[event.kind]
    text = Text(f"{event.at_s:8.1f} s  {event.satellite}  ")
    text.append(what, style=style)
    if event.next_s is not None:
        text.append(f"; {following} in {duration(event.next_s - event.at_s)}")
    return text


def duration(seconds: float) -> str:
    """Seconds as minutes, or hours, and seconds: 1:05, 2:00:00."""
    whole = max(0, round(seconds))
    minutes, left_s = divmod(whole, _MINUTE_S)
    if whole < _HOUR_S:
        return f"{minutes}:{left_s:02}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left_s:02}"


def _link(*, up: bool) -> Text:
    return Text("up" if up else "cut", style="green" if up else "red")


def _next(windows: Windows, now_s: float) -> str:
    at_s = next_change_s(windows, now_s)
    if at_s is not None:
        return f"{'LOS' if in_contact(windows, now_s) else 'AOS'} in {duration(at_s - now_s)}"
    return "always" if any(window.end_s == math.inf for window in windows) else "-"
