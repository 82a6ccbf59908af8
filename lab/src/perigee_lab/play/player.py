"""Plays a contact plan on links: cuts and restores them when that is due."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from perigee_lab.errors import LabError
from perigee_lab.play.due import Plan, due, next_change_s


class EventKind(StrEnum):
    """What has happened to a link."""

    AOS = "AOS"
    """Acquisition of signal: it was restored, or is found up at the start."""
    LOS = "LOS"
    """Loss of signal: it was cut."""
    LEFT = "left"
    """The play is over, and the link restored."""


@dataclass(frozen=True, slots=True)
class Event:
    """A link has changed."""

    kind: EventKind
    satellite: str
    at_s: float
    """When it had, by the plan's clock."""
    next_s: float | None = None
    """When it changes next; None: not soon, or never."""


class Links(Protocol):
    """What a player turns: a lab."""

    def cut(self, satellite: str, /) -> None:
        """Cut a link."""

    def restore(self, satellite: str, /) -> None:
        """Restore a link."""


class Clock(Protocol):
    """The plan's clock."""

    def now_s(self) -> float:
        """Seconds that the plan has gone on."""

    def wait_until(self, moment_s: float) -> None:
        """Return when the plan has gone on for so long."""


class Running:
    """A clock that starts now and runs faster than the wall's, or slower."""

    def __init__(self, speed: float = 1) -> None:
        self._speed = speed
        self._started = time.monotonic()
        self._never = threading.Event()

    def now_s(self) -> float:
        """Seconds that the plan has gone on."""
        return (time.monotonic() - self._started) * self._speed

    def wait_until(self, moment_s: float) -> None:
        """Return when the plan has gone on for so long."""
        while (left_s := moment_s - self.now_s()) > 0:
            self._never.wait(left_s / self._speed)


def play(
    plan: Plan,
    links: Links,
    clock: Clock,
    tell: Callable[[Event], None],
    *,
    until_s: float | None = None,
) -> None:
    """Play a plan until it is over, or for good; however that ends, all links are restored.

    Args:
        plan: windows by satellite.
        links: of the same satellites.
        clock: the plan's.
        tell: is told of each change, once it has been made, and at first how each link begins.
        until_s: when it is over; None: never.

    Raises:
        LabError: a link could not be changed.
    """
    up: dict[str, bool | None] = {}
    try:
        while until_s is None or clock.now_s() < until_s:
            decision = due(plan, up, clock.now_s())
            for name, wanted in decision.links.items():
                # Unknown meanwhile: what is interrupted must be restored, too.
                up[name] = None
                (links.restore if wanted else links.cut)(name)
                up[name] = wanted
                now_s = clock.now_s()
                kind = EventKind.AOS if wanted else EventKind.LOS
                tell(Event(kind, name, now_s, next_change_s(plan[name], now_s)))
            next_s = decision.next_s
            clock.wait_until(next_s if until_s is None else min(next_s, until_s))
    finally:
        _restore([name for name, state in up.items() if not state], links, clock, tell)


def _restore(names: list[str], links: Links, clock: Clock, tell: Callable[[Event], None]) -> None:
    failed: dict[str, LabError] = {}
    for name in names:
        try:
            links.restore(name)
        except LabError as error:
            failed[name] = error
    # Afterwards, for whoever listened may have gone.
    for name in names:
        if name not in failed:
            tell(Event(EventKind.LEFT, name, clock.now_s()))
    if failed:
        first = next(iter(failed.values()))
        raise LabError(f"the links of {', '.join(failed)} could not be restored: {first}")
