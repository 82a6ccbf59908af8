"""Whether heartbeats come when the contact plan says so; those that come outside are counted.

It decides nothing: a heartbeat is a sign of life, whenever it comes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.contacts import END, MOMENT, Contacts
from perigee_operator.domain.orbit.window import Window

CONTACT_PLAN_ACCURATE: Final = "ContactPlanAccurate"

TOLERANCE_S: Final = 10.0
"""A heartbeat takes up to 10 s to arrive."""
LEAST_GROWTH: Final = 1.5
"""A larger offset is told only if it is so many times as large: a plan that errs more and more is
not written anew with every heartbeat."""
COUNT_STEPS: Final = (1, 2, 5)
"""Counts are told in these steps, and ten, a hundred, ... times these."""
IN_MINUTES_S: Final = 600.0
IN_HOURS_S: Final = 7200.0


@dataclass(frozen=True, slots=True)
class Offset:
    """How far outside of predicted contact a satellite was heard."""

    seconds: float
    """After LOS; below zero: before AOS."""
    station: str | None


@dataclass(frozen=True, slots=True)
class Timing:
    """A heartbeat beside the contact plan."""

    contact: Window | None
    """The one it belongs to: the nearest. None where none is known."""
    offset: Offset | None
    """None: it came inside."""


@dataclass(frozen=True, slots=True)
class PlanAccuracy:
    """What the heartbeats of a satellite have shown of its contact plan."""

    accurate: bool | None = None
    """None: none came outside, and no whole pass was seen yet."""
    outside: int = 0
    """Heartbeats outside of predicted contact, since a whole pass came as predicted."""
    worst: Offset | None = None
    """About the largest of their offsets."""
    latest: tuple[datetime, datetime] | None = None
    """The pass that the last heartbeat belongs to."""
    whole: bool = False
    """That pass was seen from its beginning, and nothing of it came outside."""


def timing(contacts: Contacts, at: datetime) -> Timing | None:
    """Where a heartbeat lies in the plan, by its arrival; None where the plan is not known.

    What lies within the guards of a contact, or comes as late as a heartbeat may, came inside.
    """
    sent_at = at - timedelta(seconds=TOLERANCE_S)
    if contacts.provisional or not (contacts.covers(sent_at) and contacts.covers(at)):
        return None
    near = (*contacts.between(at, at + MOMENT), contacts.upcoming(at), contacts.latest(at))
    found = [window for window in near if window is not None]
    if not found:
        # The last contact ended before anything is known: so long ago at least.
        return Timing(None, Offset((at - contacts.known_from).total_seconds(), None))
    nearest = min(found, key=lambda w: (_excess_s(w, at), abs(_outside_s(w, at))))
    if _excess_s(nearest, at) <= 0:
        return Timing(nearest, None)
    return Timing(nearest, Offset(_outside_s(nearest, at), nearest.station))


def after(before: PlanAccuracy, seen: Timing) -> PlanAccuracy:
    """What is known after one more heartbeat.

    A pass is judged when the next one begins: until then a late heartbeat may belong to it.
    """
    found = before
    if seen.contact is not None:
        span = (seen.contact.start, seen.contact.end or END)
        latest = before.latest
        if latest is not None and span[0] < latest[1] and latest[0] < span[1]:
            span = (min(span[0], latest[0]), max(span[1], latest[1]))
            found = replace(before, latest=span)
        elif before.whole:
            found = PlanAccuracy(accurate=True, latest=span, whole=True)
        else:
            # Of the first that is seen, nobody knows how it began.
            found = replace(before, latest=span, whole=latest is not None)
    if seen.offset is None:
        return found
    worst = _worse(found.worst, seen.offset)
    return replace(found, accurate=False, outside=found.outside + 1, worst=worst, whole=False)


def plan_accuracy(found: PlanAccuracy | None) -> Verdict | None:
    """The condition ContactPlanAccurate; None while nothing has shown whether it is."""
    if found is None or found.accurate is None:
        return None
    if found.accurate or found.worst is None:
        return Verdict(holds=found.accurate, reason="AsPredicted" if found.accurate else "Outside")
    early = found.worst.seconds < 0
    signal = "before AOS" if early else "after LOS"
    station = "" if found.worst.station is None else f" over {found.worst.station}"
    message = (
        f"Heard {_told(abs(found.worst.seconds))} {signal}{station}, {_times(found.outside)}. "
        "Heartbeats count all the same, but passes that never come would be missed: see spec.orbit."
    )
    return Verdict(holds=False, reason="HeardEarly" if early else "HeardLate", message=message)


def _outside_s(window: Window, at: datetime) -> float:
    if at < window.start:
        return (at - window.start).total_seconds()
    if window.end is None or at < window.end:
        return 0.0
    return (at - window.end).total_seconds()


def _excess_s(window: Window, at: datetime) -> float:
    return max(0.0, abs(_outside_s(window, at)) - window.guard_s - TOLERANCE_S)


def _worse(worst: Offset | None, new: Offset) -> Offset:
    if worst is None or abs(new.seconds) > LEAST_GROWTH * abs(worst.seconds):
        return Offset(round(new.seconds, 1), new.station)
    return worst


def _told(seconds: float) -> str:
    if seconds < IN_MINUTES_S:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < IN_HOURS_S else f"{seconds / 3600:.0f} h"


def _times(count: int) -> str:
    if count == 1:
        return "once"
    decade = 10 ** (len(str(count)) - 1)
    told = max(step * decade for step in COUNT_STEPS if step * decade <= count)
    return f"at least {told} times"
