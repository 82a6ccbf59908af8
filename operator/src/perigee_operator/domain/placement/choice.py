"""Which of the eligible satellites get a revision."""

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from operator import attrgetter

from perigee_api import names
from perigee_api.placement import SpreadBy
from perigee_operator.domain.orbit.contacts import BEGINNING, END
from perigee_operator.domain.satellite import Satellite

STANDBY_SHARE = 0.25
FEW = 16
"""A fleet of so few satellites is chosen from by name, whichever model it is for."""

_Place = tuple[int, datetime, bool, str, Satellite]
"""Rank, when it is awaited, whether it comes before where the model begins, its name."""


def with_standby(copies: int) -> int:
    """Satellites that hold a model's artifact so that a lost copy starts elsewhere at once.

    A quarter more than there are copies, one at least: the whole fleet would be far too many
    bytes, none would make failover wait for a download over a slow link.
    """
    return copies + max(1, math.ceil(copies * STANDBY_SHARE)) if copies else 0


def choose(  # noqa: PLR0913 - what it depends on
    candidates: Sequence[Satellite],
    count: int,
    *,
    rank: Callable[[Satellite], int],
    spread_by: SpreadBy,
    beside: Iterable[Satellite] = (),
    begin: str = "",
) -> tuple[Satellite, ...]:
    """Picks satellites: of the lowest rank, then evenly over planes, then the next in contact.

    Of equal ones those come first that follow by name on the one with which the model begins.

    Args:
        candidates: the eligible satellites.
        count: how many at most.
        rank: the lower the better. What a satellite already has ranks before all else, so that the
            same ones are picked again.
        spread_by: over what they are spread; satellites of no plane count as one plane.
        beside: chosen already, and none of the candidates.
        begin: name of the satellite with which the model begins (`first_asked`).
    """
    waiting: dict[str, list[_Place]] = defaultdict(list)
    for place in sorted(_foremost(candidates, count, rank, begin), reverse=True):
        waiting[_group(place[-1], spread_by)].append(place)
    chosen: list[Satellite] = []
    crowds = Counter(_group(satellite, spread_by) for satellite in beside)
    while waiting and len(chosen) < count:
        group = min(waiting, key=lambda g: _turn(waiting[g][-1], crowds[g]))
        chosen.append(waiting[group].pop()[-1])
        crowds[group] += 1
        if not waiting[group]:
            del waiting[group]
    return tuple(chosen)


def first_asked(eligible: Sequence[Satellite], model: str) -> str:
    """Name of the satellite with which a model begins to choose among equal ones.

    Otherwise all models of a fleet that is in contact would end up on the same few.

    Args:
        eligible: by name.
        model: namespace and name.
    """
    if len(eligible) <= FEW:
        return ""
    digest = hashlib.sha256(model.encode()).digest()
    return eligible[int.from_bytes(digest[:8], "big") % len(eligible)].name


def queues(
    satellites: Iterable[Satellite], spread_by: SpreadBy
) -> tuple[tuple[Satellite, ...], ...]:
    """Satellites group by group, in the order in which those of one rank are picked."""
    found: dict[str, list[Satellite]] = defaultdict(list)
    for satellite in satellites:
        found[_group(satellite, spread_by)].append(satellite)
    return tuple(
        tuple(sorted(group, key=lambda each: (_awaited(each), each.name)))
        for group in found.values()
    )


def beginning_at(queue: Sequence[Satellite], begin: str) -> Iterator[Satellite]:
    """A queue as one is picked from that begins with the satellite of a name."""
    dark = bisect_right(queue, BEGINNING, key=_awaited)
    first = bisect_left(queue, begin, 0, dark, key=attrgetter("name"))
    return chain(islice(queue, first, dark), islice(queue, first), islice(queue, dark, None))


def _foremost(
    candidates: Iterable[Satellite], count: int, rank: Callable[[Satellite], int], begin: str
) -> list[_Place]:
    """Those of the lowest ranks, so many at least if there are: no others are ever chosen."""
    by_rank: dict[int, list[Satellite]] = defaultdict(list)
    for satellite in candidates:
        by_rank[rank(satellite)].append(satellite)
    places: list[_Place] = []
    for lowest in sorted(by_rank):
        if len(places) >= count:
            break
        places += [_place(lowest, satellite, begin) for satellite in by_rank[lowest]]
    return places


def _place(rank: int, satellite: Satellite, begin: str) -> _Place:
    awaited, name = _awaited(satellite), satellite.name
    return rank, awaited, awaited == BEGINNING and name < begin, name, satellite


def _group(satellite: Satellite, spread_by: SpreadBy) -> str:
    if spread_by is SpreadBy.SATELLITE:
        return ""
    return satellite.node.labels.get(names.PLANE_LABEL, "")


def _awaited(satellite: Satellite) -> datetime:
    """In contact before dark, of the dark those that rise first, last whom nobody understands."""
    if not satellite.reports:
        return END
    return BEGINNING if satellite.reachable else satellite.rises_at or END


def _turn(place: _Place, crowd: int) -> tuple[int, int, datetime, bool, str]:
    """Whose turn it is among the first of each group."""
    rank, awaited, comes_before, name, _ = place
    return rank, crowd, awaited, comes_before, name
