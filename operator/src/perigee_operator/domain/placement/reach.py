"""How many of a model's satellites are in contact when, and which ones close the gaps.

Arranging looks at whole minutes, held as the bits of a number, bit 0 the first: a fleet's day is
compared in microseconds. What is told to a user is exact.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from perigee_operator.domain.liveness.contact_clock import sure_contacts
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.satellite import Satellite

HORIZON: Final = timedelta(days=1)
"""Contacts are known as far ahead."""
MINUTE: Final = timedelta(minutes=1)
MINUTES: Final = HORIZON // MINUTE


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which fewer satellites than wanted are in contact."""

    start: datetime
    end: datetime


def gaps(served: Iterable[Contacts], wanted: int, since: datetime) -> list[Gap]:
    """When fewer than so many of these are surely in contact, within the horizon.

    Args:
        served: contacts of the satellites that serve.
        wanted: how many are to be in contact at any time.
        since: where the horizon begins.
    """
    until = since + HORIZON
    changes: list[tuple[datetime, int]] = [(since, 0), (until, 0)]
    for contacts in served:
        for contact in sure_contacts(contacts, since, until):
            end = until if contact.end is None else min(contact.end, until)
            changes += [(max(contact.start, since), 1), (end, -1)]
    changes.sort()
    found: list[Gap] = []
    count = 0
    for (moment, change), (following, _) in itertools.pairwise(changes):
        count += change
        if count >= wanted or following <= moment:
            continue
        if found and found[-1].end == moment:
            moment = found.pop().start  # noqa: PLW2901 - one gap, where one leaves as another comes
        found.append(Gap(moment, following))
    return found


def arranged(
    candidates: Sequence[Satellite],
    given: Iterable[Satellite],
    count: int,
    wanted: int,
    since: datetime,
) -> tuple[Satellite, ...]:
    """Satellites that, with those given, leave the fewest minutes with too few in contact.

    One after the other, each the one that helps most; of equals the first.

    Args:
        candidates: whom to choose from, the best first.
        given: those that serve anyway.
        count: how many to choose.
        wanted: how many are to be in contact at any time.
        since: from when on, for a day.
    """
    masks = {s.node.name: minutes_in_contact(s.contacts, since) for s in candidates}
    levels = [0] * wanted
    for satellite in given:
        counted(levels, minutes_in_contact(satellite.contacts, since))
    chosen: list[Satellite] = []
    left = list(candidates)
    while left and len(chosen) < count:
        missing = ~levels[-1]
        best = max(left, key=lambda s: (masks[s.node.name] & missing).bit_count())
        left.remove(best)
        chosen.append(best)
        counted(levels, masks[best.node.name])
    return tuple(chosen)


def minutes_in_contact(contacts: Contacts, since: datetime) -> int:
    """The whole minutes of the horizon in which a satellite surely is in contact, as bits."""
    mask = 0
    for start, end in _sure_spans(contacts, since):
        first = max(0, -(-start // MINUTE))
        length = min(end, HORIZON) // MINUTE - first
        if length > 0:
            mask |= ((1 << length) - 1) << first
    return mask


def counted(levels: list[int], mask: int) -> None:
    """Counts one more satellite: level n has the minutes in which more than n are in contact."""
    for index in range(len(levels)):
        levels[index], mask = levels[index] | mask, levels[index] & mask


def _sure_spans(contacts: Contacts, since: datetime) -> list[tuple[timedelta, timedelta]]:
    """As `sure_contacts`, but plain spans from `since` on: a whole fleet's are looked at."""
    spans: list[tuple[timedelta, timedelta]] = []
    for window in contacts.between(since, since + HORIZON):
        guard = timedelta(seconds=window.guard_s)
        start = window.start - since + guard
        end = HORIZON if window.end is None else window.end - since - guard
        if start < end:
            spans.append((start, end))
    spans.sort()
    merged: list[tuple[timedelta, timedelta]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
