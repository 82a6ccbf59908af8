import time
from dataclasses import dataclass, field

import pytest

from perigee_lab.errors import LabError
from perigee_lab.play.player import Event, EventKind, Running, play
from perigee_lab.play.windows import Window

PLAN = {"sat-1": [Window(0, 90, 150)], "sat-2": [Window(50, 140, 150)]}


class InterruptedWaitError(Exception):
    """As a signal's handler raises it."""


@dataclass
class Clockwork:
    """A clock that waits for nobody, until it is interrupted."""

    now: float = 0.0
    interrupted_at: float = float("inf")

    def now_s(self) -> float:
        return self.now

    def wait_until(self, moment_s: float) -> None:
        self.now = min(moment_s, self.interrupted_at)
        if self.now == self.interrupted_at:
            raise InterruptedWaitError


@dataclass
class Turned:
    """Links, and what was done to them."""

    clock: Clockwork
    done: list[tuple[float, str, str]] = field(default_factory=list)
    stuck: frozenset[str] = frozenset()

    def cut(self, satellite: str) -> None:
        self._do("cut", satellite)

    def restore(self, satellite: str) -> None:
        self._do("restore", satellite)

    def _do(self, what: str, satellite: str) -> None:
        if f"{what} {satellite}" in self.stuck:
            raise LabError(f"no {what} of {satellite}")
        self.done.append((self.clock.now, what, satellite))


def test_links_follow_the_plan_and_are_restored_when_it_is_over() -> None:
    clock = Clockwork()
    links = Turned(clock)
    told: list[Event] = []
    play(PLAN, links, clock, told.append, until_s=145)
    assert links.done == [
        (0, "restore", "sat-1"),
        (0, "cut", "sat-2"),
        (50, "restore", "sat-2"),
        (90, "cut", "sat-1"),
        (140, "cut", "sat-2"),
        (145, "restore", "sat-1"),
        (145, "restore", "sat-2"),
    ]
    assert told[:4] == [
        Event(EventKind.AOS, "sat-1", 0, 90),
        Event(EventKind.LOS, "sat-2", 0, 50),
        Event(EventKind.AOS, "sat-2", 50, 140),
        Event(EventKind.LOS, "sat-1", 90, 150),
    ]
    assert told[-2:] == [
        Event(EventKind.LEFT, "sat-1", 145),
        Event(EventKind.LEFT, "sat-2", 145),
    ]


def test_whoever_interrupts_it_finds_all_links_restored() -> None:
    clock = Clockwork(interrupted_at=100)
    links = Turned(clock)
    with pytest.raises(InterruptedWaitError):
        play(PLAN, links, clock, lambda _: None)
    assert links.done[-1] == (100, "restore", "sat-1")


def test_a_link_that_fails_ends_it_and_the_others_are_restored() -> None:
    clock = Clockwork()
    links = Turned(clock, stuck=frozenset({"cut sat-1"}))
    with pytest.raises(LabError, match="no cut of sat-1"):
        play({**PLAN, "sat-3": []}, links, clock, lambda _: None)
    assert links.done[-2:] == [(90, "restore", "sat-1"), (90, "restore", "sat-3")]


def test_links_that_stay_cut_are_named() -> None:
    clock = Clockwork()
    links = Turned(clock, stuck=frozenset({"restore sat-3"}))
    with pytest.raises(LabError, match="the links of sat-3 could not be restored: no restore"):
        play({"sat-3": [], "sat-4": []}, links, clock, lambda _: None, until_s=1)
    assert (1, "restore", "sat-4") in links.done


def test_all_links_are_restored_though_nobody_listens_any_more() -> None:
    clock = Clockwork(interrupted_at=100)
    links = Turned(clock)

    def tell(_: Event) -> None:
        if clock.now >= 90:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        play({**PLAN, "sat-3": []}, links, clock, tell)
    assert links.done[-2:] == [(90, "restore", "sat-1"), (90, "restore", "sat-3")]


def test_a_clock_may_run_faster() -> None:
    clock = Running(speed=1000)
    started = time.monotonic()
    clock.wait_until(100)
    assert time.monotonic() - started >= 0.1 - 0.001
    assert clock.now_s() >= 100
