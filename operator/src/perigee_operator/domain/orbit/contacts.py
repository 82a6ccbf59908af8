"""All that is known of when a satellite is in contact."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.window import Window

BEGINNING = datetime(1957, 10, 4, tzinfo=UTC)
"""Of space flight: what has been so for ever has been so since then."""
END = datetime(9000, 1, 1, tzinfo=UTC)
"""What never ends is known until then."""

MOMENT = timedelta(microseconds=1)

_START = attrgetter("start")


class Source(StrEnum):
    """Where contacts come from, or why there are none; the reason of ContactsPredicted."""

    PLANNED = "Planned"
    """The mission says so."""
    PROPAGATED = "Propagated"
    """Computed from orbital elements."""
    PENDING = "Pending"
    """They are being computed."""
    NO_STATION = "NoGroundStation"
    """There is no station that could see the satellite."""
    UNKNOWN = "OrbitUnknown"
    """Nobody has said where the satellite is."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of a satellite with all stations, over a span of time.

    Outside of the span nothing is known, which is not the same as dark.
    """

    windows: tuple[Window, ...]
    """In order of their start, the stations' mixed. One that was open when something was first
    known begins there, and one that is open at `known_until` ends there."""
    known_from: datetime
    known_until: datetime
    """Not later than `known_from`: nothing is known at all."""
    source: Source = Source.PLANNED
    error: Verdict | None = None
    """Why nothing is known, or nothing after `known_until`: a verdict for OrbitValid."""
    epoch: datetime | None = None
    """Of the orbital elements; None where the contacts were supplied."""
    stale_from: datetime | None = None
    """From when on the elements are too old to be trusted."""
    provisional: bool = False
    """They are being computed anew: contacts may be missing, or lie elsewhere in truth."""
    longest: timedelta | None = field(init=False)
    """Length of the longest window; None if one never ends."""

    def __post_init__(self) -> None:
        longest: timedelta | None = timedelta()
        for window in self.windows:
            if window.end is None:
                longest = None
                break
            longest = max(longest or timedelta(), window.end - window.start)
        object.__setattr__(self, "longest", longest)

    def covers(self, moment: datetime) -> bool:
        """Whether it is known if the satellite is in contact then."""
        return self.known_from <= moment < self.known_until

    def between(self, since: datetime, until: datetime) -> tuple[Window, ...]:
        """The windows that overlap a span of time, found without a look at all of them."""
        first = 0
        if self.longest is not None:
            first = bisect_left(self.windows, since - self.longest, key=_START)
        last = bisect_left(self.windows, until, lo=first, key=_START)
        return tuple(w for w in self.windows[first:last] if w.end is None or w.end > since)

    def current(self, now: datetime) -> Window | None:
        """The contact under way: of several, the one that lasts longest."""
        under_way = self.between(now, now + MOMENT)
        return max((w for w in under_way if w.contains(now)), key=_lasts, default=None)

    def upcoming(self, now: datetime) -> Window | None:
        """The next contact that has not begun."""
        following = bisect_right(self.windows, now, key=_START)
        return self.windows[following] if following < len(self.windows) else None

    def latest(self, now: datetime) -> Window | None:
        """The contact that has ended last; None if none has."""
        found: Window | None = None
        latest: datetime | None = None
        for window in reversed(self.windows[: bisect_right(self.windows, now, key=_START)]):
            if latest and self.longest is not None and window.start + self.longest <= latest:
                break
            if window.end is not None and window.end <= now and (not latest or window.end > latest):
                found, latest = window, window.end
        return found

    def latest_end(self, now: datetime) -> datetime | None:
        """When the contact that ended last has ended; None if none has."""
        latest = self.latest(now)
        return latest.end if latest else None

    def fault(self, now: datetime) -> Verdict | None:
        """Why nothing is known now; None where something is, or will be."""
        return self.error if now >= self.known_until else None

    def is_stale(self, now: datetime) -> bool:
        """Whether the elements are too old to be trusted: verdicts are to be cautious then."""
        return self.stale_from is not None and now >= self.stale_from


def nothing(source: Source, error: Verdict | None = None) -> Contacts:
    """No contacts are known, for that reason."""
    return Contacts((), BEGINNING, BEGINNING, source, error)


UNKNOWN = nothing(Source.UNKNOWN)
PENDING = nothing(Source.PENDING)
NO_STATION = nothing(Source.NO_STATION)

ALWAYS = Contacts(windows=(Window(BEGINNING, None),), known_from=BEGINNING, known_until=END)
"""An edge site: contact never ends."""


def _lasts(window: Window) -> tuple[bool, datetime]:
    return (window.end is None, window.end or window.start)
