"""Which of the eligible satellites get a revision."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from perigee_api import names
from perigee_api.placement import SpreadBy
from perigee_operator.domain.orbit.contacts import BEGINNING, END
from perigee_operator.domain.satellite import Satellite

STANDBY_SHARE = 0.25

_Place = tuple[int, datetime, str, Satellite]
"""Rank, when it is awaited, its name: by these satellites are ordered."""


def with_standby(copies: int) -> int:
    """Satellites that hold a model's artifact so that a lost copy starts elsewhere at once.

    A quarter more than there are copies, one at least: the whole fleet would be far too many
    bytes, none would make failover wait for a download over a slow link.
    """
    return copies + max(1, math.ceil(copies * STANDBY_SHARE)) if copies else 0


def choose(
    candidates: Sequence[Satellite],
    count: int,
    *,
    rank: Callable[[Satellite], int],
    spread_by: SpreadBy,
    beside: Iterable[Satellite] = (),
) -> tuple[Satellite, ...]:
    """Picks satellites: of the lowest rank, then evenly over planes, then the next in contact.

    Args:
        candidates: the eligible satellites.
        count: how many at most.
        rank: the lower the better. What a satellite already has ranks before all else, so that the
            same ones are picked again.
        spread_by: over what they are spread; satellites of no plane count as one plane.
        beside: chosen already, and none of the candidates.
    """
    waiting: dict[str, list[_Place]] = defaultdict(list)
    for place in sorted(_foremost(candidates, count, rank), reverse=True):
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


def _foremost(
    candidates: Iterable[Satellite], count: int, rank: Callable[[Satellite], int]
) -> list[_Place]:
    """Those of the lowest ranks, so many at least if there are: no others are ever chosen."""
    by_rank: dict[int, list[Satellite]] = defaultdict(list)
    for satellite in candidates:
        by_rank[rank(satellite)].append(satellite)
    places: list[_Place] = []
    for lowest in sorted(by_rank):
        if len(places) >= count:
            break
        places += [(lowest, _awaited(s), s.name, s) for s in by_rank[lowest]]
    return places


def _group(satellite: Satellite, spread_by: SpreadBy) -> str:
    if spread_by is SpreadBy.SATELLITE:
        return ""
    return satellite.node.labels.get(names.PLANE_LABEL, "")


def _awaited(satellite: Satellite) -> datetime:
    """In contact before dark, of the dark those that rise first, last whom nobody understands."""
    if not satellite.reports:
        return END
    return BEGINNING if satellite.reachable else satellite.rises_at or END


def _turn(place: _Place, crowd: int) -> tuple[int, int, datetime, str]:
    """Whose turn it is among the first of each group."""
    rank, awaited, name, _ = place
    return rank, crowd, awaited, name
