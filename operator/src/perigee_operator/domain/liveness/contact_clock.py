"""The clock of silence: it runs only while a satellite surely is in contact.

Predicted times of AOS and LOS err, the more the older the elements: what lies within the guards
of a window counts neither for nor against a satellite.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter

from perigee_operator.domain.orbit.contacts import MOMENT, Contacts
from perigee_operator.domain.orbit.window import Window

_START = attrgetter("start")


@dataclass(frozen=True, slots=True)
class SureContact:
    """A time in which a satellite surely is in contact with one station or another."""

    opens: datetime
    """When it may begin at the earliest: a heartbeat from then on is one of this contact."""
    start: datetime
    end: datetime | None
    """None: it never ends."""
    stations: frozenset[str | None]

    def contains(self, moment: datetime) -> bool:
        """Whether the satellite is surely in contact then."""
        return self.start <= moment and (self.end is None or moment < self.end)

    def seconds(self, since: datetime, until: datetime) -> float:
        """How much of it lies between two moments."""
        end = until if self.end is None else min(self.end, until)
        return max(0.0, (end - max(self.start, since)).total_seconds())


def sure_contacts(contacts: Contacts, since: datetime, until: datetime) -> list[SureContact]:
    """Those that overlap a span of time, in order; contacts that overlap are one."""
    found = filter(None, map(_sure, contacts.between(since, until)))
    return _merged(sorted(found, key=_START))


def sure_contact_s(contacts: Contacts, since: datetime, until: datetime) -> float:
    """Seconds of sure contact between two moments; 0 if the second is not later."""
    return sum(c.seconds(since, until) for c in sure_contacts(contacts, since, until))


def next_sure_start(contacts: Contacts, now: datetime) -> datetime | None:
    """When the next contact has surely begun: now, or later."""
    windows = contacts.windows
    following = range(bisect_left(windows, now, key=_START), len(windows))
    soonest: datetime | None = None
    # One that is open may not be sure yet.
    for window in chain(contacts.between(now, now + MOMENT), map(windows.__getitem__, following)):
        if soonest is not None and window.start >= soonest:
            break
        sure = _sure(window)
        if sure is not None and sure.start >= now:
            soonest = sure.start if soonest is None else min(soonest, sure.start)
    return soonest


def _sure(window: Window) -> SureContact | None:
    guard = timedelta(seconds=window.guard_s)
    start = window.start + guard
    end = None if window.end is None else window.end - guard
    if end is not None and end <= start:
        return None
    return SureContact(window.start, start, end, frozenset({window.station}))


def _merged(contacts: Iterable[SureContact]) -> list[SureContact]:
    merged: list[SureContact] = []
    for contact in contacts:
        last = merged[-1] if merged else None
        if last is None or (last.end is not None and contact.start > last.end):
            merged.append(contact)
            continue
        end = None if last.end is None or contact.end is None else max(last.end, contact.end)
        opens = min(last.opens, contact.opens)
        stations = last.stations | contact.stations
        merged[-1] = SureContact(opens, last.start, end, stations)
    return merged
