"""When rollouts may start anything: windows, blackouts, and a first moment.

Cron is read by cronsim, which follows Debian's: a span that would begin in the hour that is left
out when the clock is put forward begins when that hour is over, and one that would begin twice when
it is put back begins the first time only; where minute or hour begin with ``*`` spans begin
whenever the clock shows so. A duration is real seconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from perigee_api.rollout import RolloutTerms
from perigee_api.rollout_times import Times
from perigee_operator.domain.orbit.contacts import END

MOST_TURNS = 200
"""So many windows and blackouts in a row are looked at to find when it opens or closes."""


class NonsenseError(ValueError):
    """Times that do not make sense; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """Spans of the same length, by cron."""

    schedule: str
    duration: timedelta
    zone: tzinfo

    def next_start(self, after: datetime) -> datetime | None:
        """When the next one begins, later than that; None if none does within 50 years."""
        for local in CronSim(self.schedule, after.astimezone(self.zone)):
            # Of an hour that comes twice cronsim knows the first alone, be it over or not.
            start = local.astimezone(UTC)
            if start > after:
                return start
        return None

    def end_at(self, now: datetime) -> datetime | None:
        """When the span that lasts now ends, the first of several; None if none does."""
        start = self.next_start(now - self.duration)
        return start + self.duration if start is not None and start <= now else None


@dataclass(frozen=True, slots=True)
class Once:
    """One span; none, if it ends before it begins."""

    start: datetime
    end: datetime

    def next_start(self, after: datetime) -> datetime | None:
        """When it begins, if that is later."""
        return self.start if after < self.start < self.end else None

    def end_at(self, now: datetime) -> datetime | None:
        """When it ends, if it lasts now."""
        return self.end if self.start <= now < self.end else None


class Standing(StrEnum):
    """Whether anything may be started, and what stands in the way first."""

    OPEN = "Open"
    NOT_BEFORE = "NotBefore"
    OUTSIDE = "OutsideWindows"
    BLACKOUT = "Blackout"


@dataclass(frozen=True, slots=True)
class Outlook:
    """How it stands now, and for how long."""

    standing: Standing
    until: datetime
    """It stands so until then at least; `END`: for good."""
    opens_at: datetime | None = None
    """When something may be started next; None while it may, or if nobody can see when."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When anything may be started: within a window, if there are any, and in no blackout."""

    windows: tuple[Recurring | Once, ...] = ()
    blackouts: tuple[Recurring | Once, ...] = ()
    not_before: datetime | None = None

    @property
    def is_free(self) -> bool:
        """Nobody has said anything: always."""
        return not self.windows and not self.blackouts and self.not_before is None

    def is_open(self, now: datetime) -> bool:
        """Whether anything may be started."""
        return self.obstacle(now)[0] is Standing.OPEN

    def next_change(self, now: datetime) -> datetime:
        """Until when it certainly stands as it does now; `END`: for good."""
        return self.outlook(now).until

    def outlook(self, now: datetime) -> Outlook:
        """How it stands, until when, and when it opens."""
        return _outlook(self, now)

    def obstacle(self, now: datetime) -> tuple[Standing, datetime]:
        """What stands in the way first, and until when it does; `OPEN` and now, if nothing does."""
        if self.not_before is not None and now < self.not_before:
            return Standing.NOT_BEFORE, self.not_before
        within = self._end_of_windows(now)
        if within is None:
            return Standing.OUTSIDE, _first(w.next_start(now) for w in self.windows)
        ends = [end for end in (b.end_at(now) for b in self.blackouts) if end is not None]
        # A window that ends in a blackout opens to nobody: it is the next one that is awaited.
        return (Standing.BLACKOUT, min(within, max(ends))) if ends else (Standing.OPEN, now)

    def _end_of_windows(self, now: datetime) -> datetime | None:
        """When the longest window that is open now ends; None if none is open."""
        if not self.windows:
            return END
        ends = (window.end_at(now) for window in self.windows)
        return max((end for end in ends if end is not None), default=None)

    def opens(self, moment: datetime) -> datetime | None:
        """The first moment, from that one on, at which nothing stands in the way."""
        for _ in range(MOST_TURNS):
            ends = [end for end in (b.end_at(moment) for b in self.blackouts) if end is not None]
            if self._end_of_windows(moment) is None:
                ends.append(_first(window.next_start(moment) for window in self.windows))
            if self.not_before is not None and moment < self.not_before:
                ends.append(self.not_before)
            if not ends or max(ends) >= END:
                return None if ends else moment
            moment = max(ends)
        return None

    def closes(self, now: datetime) -> datetime:
        """When something stands in the way; or how far it is certain that nothing does."""
        barred = _first(blackout.next_start(now) for blackout in self.blackouts)
        until = now
        for _ in range(MOST_TURNS):
            end = self._end_of_windows(until)
            if end is None or end >= barred:
                break
            until = end
        else:
            return until
        return barred if end is not None else until


@lru_cache(maxsize=64)
def _outlook(times: Timing, now: datetime) -> Outlook:
    """Many models have the same times, and are looked at in the same moment."""
    standing, until = times.obstacle(now)
    if standing is Standing.OPEN:
        return Outlook(standing, times.closes(now))
    return Outlook(standing, until, times.opens(until))


FREE = Timing()
"""Always."""


def timing(said: RolloutTerms) -> Timing:
    """When rollouts on these terms may start anything.

    Raises:
        NonsenseError: there is no such time zone, or what a schedule says never comes.
    """
    return Timing(
        tuple(_spans("windows", said.windows or ())),
        tuple(_spans("blackouts", said.blackouts)),
        said.not_before,
    )


def _spans(name: str, said: Iterable[Times]) -> Iterator[Recurring | Once]:
    for index, times in enumerate(said):
        where = f"{name}[{index}]"
        if times.schedule is not None and times.duration is not None:
            try:
                yield _recurring(times.schedule, times.duration, times.time_zone)
            except NonsenseError as error:
                raise NonsenseError(f"{where}.{error}") from error
        elif times.start is not None and times.end is not None:
            yield Once(times.start, times.end)
        else:
            raise NonsenseError(f"{where}: neither schedule and duration nor start and end")


@lru_cache(maxsize=1024)
def _recurring(schedule: str, duration_s: float, zone: str | None) -> Recurring:
    """Read once: the models of a fleet have few schedules between them.

    Raises:
        NonsenseError: it makes no sense.
    """
    made = Recurring(schedule, timedelta(seconds=duration_s), _zone(zone))
    try:
        comes = made.next_start(datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise NonsenseError(f"schedule: {schedule!r} is not a time: {error}") from error
    if comes is None:
        raise NonsenseError(f"schedule: {schedule!r} never comes")
    return made


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # A name that is a folder of the database, such as Europe, cannot be read as a file.
        raise NonsenseError(f"timeZone: there is no {name!r} in the IANA database") from error


def _first(moments: Iterable[datetime | None]) -> datetime:
    return min((moment for moment in moments if moment is not None), default=END)
