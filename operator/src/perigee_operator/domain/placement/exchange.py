"""Which copy of a model had better be on another satellite, so that more are in contact.

One copy at a time, and only where that clearly gains: the horizon rolls on, and the little that
comes into sight with every hour must not move copies to and fro. An exchange that gains over a day
can lose at first. So the old copy stays until a moment from which on the arrangement without it is
never behind, whenever one looks. Then any day with exchanges has no more of too few in contact than
the same day without them, and contacts that repeat within a day have such a moment every day (it
follows the greatest lead of the old arrangement: the cycle lemma, Dvoretzky and Motzkin 1947).
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.placement.reach import (
    HORIZON,
    MINUTES,
    counted,
    gaps,
    minutes_in_contact,
)
from perigee_operator.domain.satellite import Satellite

LEAST_GAIN_S: Final = 600.0
"""Of a day: about a pass in low orbit. Less is not worth a download and a model's start."""
SLACK: Final = timedelta(minutes=5)
"""By so much a horizon that rolls on may be short: far less than what an exchange has to gain."""
MOST_GIVERS: Final = 16
"""So many copies are looked at, those that are needed least: a model may have thousands."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One satellite serves in another's place."""

    giver: Satellite
    receiver: Satellite
    gain_s: float
    """Fewer seconds of the horizon with too few in contact."""


def is_foreseen(satellite: Satellite, now: datetime) -> bool:
    """Whether it is known for a whole horizon, and surely, when a satellite is in contact."""
    contacts = satellite.contacts
    if satellite.plan_errs or contacts.provisional or contacts.is_stale(now):
        return False
    return contacts.covers(now) and contacts.known_until >= now + HORIZON - SLACK


def best_exchange(
    serving: Sequence[Satellite], candidates: Sequence[Satellite], wanted: int, now: datetime
) -> Exchange | None:
    """The exchange that gains most, of equals with the first candidate; None if none is worth it.

    Args:
        serving: the satellites that have a copy.
        candidates: those that could have one instead, the best first.
        wanted: how many are to be in contact at any time.
        now: from when on, for a day.
    """
    before = [s.contacts for s in serving]
    if not serving or not candidates or _short_s(before, wanted, now) < LEAST_GAIN_S:
        return None
    giver, receiver = _best_pair(serving, candidates, wanted, now)
    gain_s = gained_s(before, exchanged(serving, giver, receiver), wanted, now)
    return Exchange(giver, receiver, gain_s) if gain_s >= LEAST_GAIN_S else None


def exchanged(
    serving: Iterable[Satellite], giver: Satellite, receiver: Satellite
) -> list[Contacts]:
    """The contacts of those that serve after an exchange."""
    return [s.contacts for s in serving if s.name not in (giver.name, receiver.name)] + [
        receiver.contacts
    ]


def gained_s(
    before: Iterable[Contacts], after: Iterable[Contacts], wanted: int, now: datetime
) -> float:
    """By how many seconds of the horizon the time with too few in contact gets shorter."""
    return _short_s(before, wanted, now) - _short_s(after, wanted, now)


def is_never_behind(
    before: Iterable[Contacts], after: Iterable[Contacts], wanted: int, now: datetime
) -> bool:
    """Whether from now until any moment of the horizon one has no more of too few than the other.

    Args:
        before: contacts of the satellites that serve.
        after: of those that are to serve instead.
        wanted: how many are to be in contact at any time.
        now: where the horizon begins.
    """
    changes = sorted(
        change
        for sign, served in ((-1, before), (1, after))
        for gap in gaps(served, wanted, now)
        for change in ((gap.start, sign), (gap.end, -sign))
    )
    behind, rate = timedelta(), 0
    for (moment, change), (following, _) in itertools.pairwise(changes):
        rate += change
        behind += rate * (following - moment)
        if behind > timedelta():
            return False
    return True


def _short_s(served: Iterable[Contacts], wanted: int, now: datetime) -> float:
    found = gaps(served, wanted, now)
    return sum((gap.end - gap.start for gap in found), timedelta()).total_seconds()


def _best_pair(
    serving: Sequence[Satellite], candidates: Sequence[Satellite], wanted: int, now: datetime
) -> tuple[Satellite, Satellite]:
    """By whole minutes, which are quick to compare: the pair that leaves most with enough."""
    coming = [(s, minutes_in_contact(s.contacts, now)) for s in candidates]
    staying = _left_by(serving, wanted, now)
    _, giver, receiver = max(
        (
            ((without | one_short & minutes).bit_count(), giver, receiver)
            for giver, without, one_short in staying
            for receiver, minutes in coming
        ),
        key=lambda found: found[0],
    )
    return giver, receiver


def _left_by(
    serving: Sequence[Satellite], wanted: int, now: datetime
) -> list[tuple[Satellite, int, int]]:
    """What is left without each that serves: minutes with enough, and with one too few at most.

    Of those that are needed least.
    """
    masks = [(s, minutes_in_contact(s.contacts, now)) for s in serving]
    levels = [0] * (wanted + 1)
    for _, minutes in masks:
        counted(levels, minutes)
    fewer = levels[wanted - 2] if wanted > 1 else (1 << MINUTES) - 1
    enough, more = levels[wanted - 1], levels[wanted]
    left = [(s, more | enough & ~own, enough | fewer & ~own) for s, own in masks]
    left.sort(key=lambda found: -found[1].bit_count())
    return left[:MOST_GIVERS]
