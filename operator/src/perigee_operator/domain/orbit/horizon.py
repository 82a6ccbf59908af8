"""What of the contacts is to be computed next, so that all are known some way ahead and back.

The horizon of each satellite rolls on a piece at a time, and those of a fleet do not all do so at
once: a part of the first piece's length depends on the satellite's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final
from zlib import crc32

LOOK_AHEAD: Final = timedelta(days=1)
"""So far ahead contacts are known at least."""
LOOK_BACK: Final = timedelta(hours=6)
"""So far back contacts are known at least, once all is computed.

Passes that went by before are judged and recorded; what is kept in memory counts, at tens of
thousands of windows an hour.
"""
PIECE: Final = timedelta(hours=6)
"""By so much the horizon rolls on at a time."""
LONGEST_BACK: Final = timedelta(days=30)
"""No further back, whoever counts contact since when."""
SLOT: Final = timedelta(hours=1)
"""Pieces begin and end at whole slots, so that satellites can be computed together."""
JOB_STATION_DAYS: Final = 400
"""A job is so large at most: satellites x stations x days. About 0.1 s of work."""


class Urgency(IntEnum):
    """Why a piece is computed; what comes first is done first."""

    FIRST = 0
    """Nothing is known of the satellite."""
    ANEW = 1
    """Stations have changed."""
    AHEAD = 2
    BACK = 3


@dataclass(frozen=True, slots=True)
class Known:
    """How far the contacts of a satellite are known."""

    uid: str
    name: str
    known_from: datetime
    known_until: datetime
    """Not later than `known_from`: nothing is known."""
    ends: bool
    """Nothing can be computed beyond `known_until`."""
    begins: bool
    """Nothing can be computed before `known_from`."""
    outdated: bool
    """It was computed for other stations."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of time in which the contacts of some satellites are to be computed."""

    urgency: Urgency
    since: datetime
    until: datetime
    uids: tuple[str, ...]


def next_piece(
    known: Iterable[Known], stations: int, back_to: datetime, now: datetime
) -> Piece | None:
    """The most urgent piece; None if all is known that is wanted now.

    Args:
        known: all satellites whose contacts are computed.
        stations: how many see them.
        back_to: from when on contacts are wanted.
        now: the present.
    """
    best: tuple[Urgency, datetime, datetime] | None = None
    members: list[str] = []
    for each in known:
        wanted = _wanted(each, back_to, now)
        if wanted is None:
            continue
        if best is None or wanted < best:
            best, members = wanted, []
        if wanted == best:
            members.append(each.uid)
    if best is None:
        return None
    urgency, since, until = best
    return Piece(urgency, since, until, tuple(members[: batch(stations, until - since)]))


def batch(stations: int, length: timedelta) -> int:
    """How many satellites a job takes together."""
    days = length / timedelta(days=1)
    return max(1, int(JOB_STATION_DAYS / (max(1, stations) * days)))


def planned_until(name: str, now: datetime) -> datetime:
    """Up to when the contacts of a satellite are worked out in one go."""
    return _floor(now) + LOOK_AHEAD + _spread(name)


def wanted_from(back_to: datetime | None, now: datetime) -> datetime:
    """From when on contacts are wanted, if somebody counts contact since `back_to`."""
    usual = _floor(now - LOOK_BACK)
    if back_to is None:
        return usual
    return max(_floor(now - LONGEST_BACK), min(usual, _floor(back_to)))


def _wanted(
    each: Known, back_to: datetime, now: datetime
) -> tuple[Urgency, datetime, datetime] | None:
    if each.known_until <= each.known_from and not each.ends:
        return Urgency.FIRST, _floor(now) - SLOT, _floor(now) + PIECE
    if each.outdated:
        return Urgency.ANEW, each.known_from, each.known_until
    if not each.ends and each.known_until < now + LOOK_AHEAD:
        until = each.known_until + PIECE
        if until < now + LOOK_AHEAD:
            until = planned_until(each.name, now)
        return Urgency.AHEAD, each.known_until, until
    if not each.begins and each.known_from > back_to:
        return Urgency.BACK, back_to, each.known_from
    return None


def _spread(name: str) -> timedelta:
    """From one slot to a whole piece, by the satellite's name."""
    slots = PIECE // SLOT
    return SLOT * (1 + crc32(name.encode()) % slots)


def _floor(moment: datetime) -> datetime:
    slot_s = SLOT.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // slot_s * slot_s, UTC)
