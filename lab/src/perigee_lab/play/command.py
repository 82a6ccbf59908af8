"""``perigee-lab play``."""
# ruff: noqa: FBT002 - to typer, a function's arguments are options

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from perigee_lab.errors import LabError
from perigee_lab.lab import Lab
from perigee_lab.play.due import Plan, end_s
from perigee_lab.play.plan_file import read_plan
from perigee_lab.play.player import Clock, Event, Running
from perigee_lab.play.player import play as play_plan
from perigee_lab.play.timeline import Timeline, line
from perigee_lab.terminal import errors, lab_of

REFRESH_HZ = 2.0


class Output(StrEnum):
    """How events are printed."""

    TEXT = "text"
    JSON = "json"


class _EndedError(Exception):
    """Somebody has ended the command."""


def play(
    context: typer.Context,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN",
            help="A contact plan, YAML or JSON: windows by satellite, or SatelliteNodes with"
            " spec.orbit.contacts.",
        ),
    ],
    speed: Annotated[
        float, typer.Option(min=0.01, max=10_000, help="How fast the plan's clock runs.")
    ] = 1,
    until_end: Annotated[
        bool,
        typer.Option("--until-end", help="End with the plan's last window; all links are then up."),
    ] = False,
    output: Annotated[Output, typer.Option("--output", "-o")] = Output.TEXT,
) -> None:
    r"""Drive links by a contact plan: cut outside of the windows, restored within.

    The plan's clock starts now. Ctrl-C ends it; all links are then restored.

    \b
        satellites:
          sat-1: [{start: 0, end: 90, every: 150}]      seconds from the start
          sat-2: [{start: 2026-03-01T12:00:00Z, end: 2026-03-01T12:09:30Z}]
    """
    with errors():
        lab = lab_of(context)
        windows = read_plan(plan, datetime.now(UTC))
        _check(lab, windows)
        until_s = end_s(windows) if until_end else None
        clock = Running(speed)
        with _ended_politely(), _shown(windows, clock, speed, output) as tell:
            play_plan(windows, lab, clock, tell, until_s=until_s)


def _check(lab: Lab, plan: Plan) -> None:
    for name in plan:
        if not lab.state.node(name).is_satellite:
            raise LabError(f"{name} has no link of its own; satellites have")


@contextmanager
def _ended_politely() -> Iterator[None]:
    """An end by Ctrl-C or SIGTERM is one as any other. A second one does not disturb the first."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise _EndedError

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        signal.signal(each, end)
    try:
        yield
    except (_EndedError, BrokenPipeError):
        # The latter: whoever read the events has gone.
        return
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _shown(
    plan: Plan, clock: Clock, speed: float, output: Output
) -> Iterator[Callable[[Event], None]]:
    """Whoever is told of events, and shows them."""
    if output is Output.JSON:
        yield _write
        return
    console = Console()
    if not console.is_terminal:
        yield lambda event: console.print(line(event), soft_wrap=True)
        return
    timeline = Timeline(plan, clock, speed)
    with Live(timeline, console=console, refresh_per_second=REFRESH_HZ):
        yield lambda event: console.print(line(event), soft_wrap=True)


def _write(event: Event) -> None:
    told = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event": event.kind.value,
        "satellite": event.satellite,
        "atS": round(event.at_s, 3),
        "nextS": None if event.next_s is None else round(event.next_s, 3),
    }
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
