"""From what the mission says itself to contacts: a fixed place, or a contact plan."""

from collections.abc import Iterable
from datetime import UTC, datetime

from perigee_api.satellite_node import ContactWindow, Orbit
from perigee_operator.domain.orbit.contacts import ALWAYS, UNKNOWN, Contacts
from perigee_operator.domain.orbit.repetition import repetitions
from perigee_operator.domain.orbit.window import Window


def supplied_contacts(orbit: Orbit, since: datetime, until: datetime) -> Contacts:
    """The contacts that overlap a span of time; `UNKNOWN` for an orbit that is not supplied so.

    Where a plan has a validity, nothing is known outside of it.
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
    return Contacts(windows, known_from, known_until)


def planned_windows(
    plans: Iterable[ContactWindow], since: datetime, until: datetime
) -> tuple[Window, ...]:
    """The windows of a contact plan that overlap a span of time, in order of their start."""
    found = (
        Window(_moment(start_s), _moment(end_s), plan.station, plan.max_elevation)
        for plan in plans
        for start_s, end_s in repetitions(plan, since, until)
    )
    return tuple(sorted(found, key=lambda window: window.start))


def _moment(t_s: float) -> datetime:
    return datetime.fromtimestamp(t_s, UTC)
