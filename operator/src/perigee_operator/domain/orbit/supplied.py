"""From what the mission says itself to contacts: a fixed place, or a contact plan."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from operator import attrgetter

from perigee_api.satellite_node import ContactWindow, Orbit
from perigee_operator.domain.orbit.contacts import ALWAYS, UNKNOWN, Contacts
from perigee_operator.domain.orbit.repetition import repetitions
from perigee_operator.domain.orbit.station import Span, Station
from perigee_operator.domain.orbit.window import Window

_START = attrgetter("start")


def supplied_contacts(
    orbit: Orbit, since: datetime, until: datetime, stations: Iterable[Station] = ()
) -> Contacts:
    """The contacts that overlap a span of time; `UNKNOWN` for an orbit that is not supplied so.

    Where a plan has a validity, nothing is known outside of it. A contact with one of the stations
    is one only while that is in service; those that name no station, or another, stay as they are.
    """
    if orbit.fixed is not None:
        return ALWAYS
    if orbit.contacts is None:
        return UNKNOWN
    valid_from = orbit.validity.start if orbit.validity else None
    valid_until = orbit.validity.end if orbit.validity else None
    known_from = max(since, valid_from) if valid_from else since
    known_until = min(until, valid_until) if valid_until else until
    windows = planned_windows(orbit.contacts, known_from, known_until)
    for station in stations:
        windows = _in_service(windows, station)
    cut = (w for w in windows if w.start < known_until and (w.end is None or w.end > known_from))
    return Contacts(tuple(sorted(cut, key=_START)), known_from, known_until)


def planned_windows(
    plans: Iterable[ContactWindow], since: datetime, until: datetime
) -> tuple[Window, ...]:
    """The windows of a contact plan that overlap a span of time, in order of their start."""
    found = (
        Window(_moment(start_s), _moment(end_s), plan.station, plan.max_elevation)
        for plan in plans
        for start_s, end_s in repetitions(plan, since, until)
    )
    return tuple(sorted(found, key=_START))


def _in_service(windows: tuple[Window, ...], station: Station) -> tuple[Window, ...]:
    """The windows, those of a station cut to the times in which that is in service."""
    own = [(w.start, w.end) for w in windows if w.station == station.name and w.end is not None]
    if not own:
        return windows
    service = station.service(min(start for start, _ in own), max(end for _, end in own))
    starts = [start_s for start_s, _ in service]
    return tuple(
        chain.from_iterable(
            _cut(window, service, starts) if window.station == station.name else (window,)
            for window in windows
        )
    )


def _cut(window: Window, service: Sequence[Span], starts: Sequence[float]) -> Iterator[Window]:
    """What of a window lies within the spans, which are in order."""
    if window.end is None:
        return
    first = max(0, bisect_right(starts, window.start.timestamp()) - 1)
    last = bisect_left(starts, window.end.timestamp())
    for start_s, end_s in service[first:last]:
        start, end = max(window.start, _moment(start_s)), min(window.end, _moment(end_s))
        if start < end:
            yield replace(window, start=start, end=end)


def _moment(t_s: float) -> datetime:
    return datetime.fromtimestamp(t_s, UTC)
