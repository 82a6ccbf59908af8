"""A plan in portions: a fleet may want more written than can be written between two looks.

All of it would take minutes in a large fleet that has just been found, and nobody would look
meanwhile. So a plan ends after so many tracks, and the next one goes on with those that this one
has left: each has its turn, whether the writes of others succeed or not.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import Final, TypeVar

from perigee_operator.domain.writes import Track

MOST_TRACKS: Final = 4096
"""In one plan, however fast they are written."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a plan begins; by default with the first."""

    satellite: str = ""
    """Its name."""
    track: str = ""
    """Of all other tracks."""


BEGINNING: Final = Resumption()


def going_on(
    named: Sequence[V], first: str, by: Callable[[V], str] = attrgetter("name")
) -> Iterable[V]:
    """All of these, in order of their names, from this one on, and then those before it."""
    place = bisect_left(named, first, key=by) if first else 0
    return chain(islice(named, place, None), islice(named, place))


def portion(tracks: Iterable[Track], first: str, most: int) -> tuple[list[Track], str]:
    """As many of these tracks as may be, from this one on; and where the next plan goes on.

    Returns:
        Those of them that have writes, and the name of the first that is left; empty for none.
    """
    wanted = [track for track in tracks if track.writes]
    if len(wanted) <= most:
        return wanted, ""
    in_turn = list(going_on(sorted(wanted, key=attrgetter("name")), first))
    return in_turn[:most], in_turn[most].name


def fitting_tracks(most: int, written_s: float, rest_s: float, least: int) -> int:
    """How many tracks the next plan may have, after one that was cut.

    As many as can be written while nobody plans anyway: then no look is later for it.

    Args:
        most: tracks that the last plan was cut to.
        written_s: how long they took.
        rest_s: for how long nobody plans after a plan, whether anything is written or not.
        least: so many in any case.
    """
    fitting = round(most * rest_s / written_s) if written_s > 0 else MOST_TRACKS
    return max(least, min(fitting, MOST_TRACKS))
