"""What the last plan found out, so that it is not found out again.

A memory decides nothing: a plan without one is the same plan, and takes longer. In a large fleet
little changes from one look to the next, and what is remembered of the rest is compared by
identity: whoever takes snapshots hands over the same views for what is as it was. Where a plan
comes in portions, models that wait for their turn want of satellites what they wanted last.
"""

from collections.abc import Callable, Collection, Iterable
from operator import is_
from typing import Generic, TypeVar

from perigee_operator.domain.at_rest import AtRest
from perigee_operator.domain.demands import Demands
from perigee_operator.domain.known_models import KnownModels
from perigee_operator.domain.known_satellites import KnownSatellites
from perigee_operator.domain.liveness.watch import Watch
from perigee_operator.domain.placement.on_board import OnBoard

V = TypeVar("V")


class Last(Generic[V]):
    """What was made last: made anew only from other grounds."""

    def __init__(self) -> None:
        self._made: tuple[tuple[object, ...], V] | None = None

    def of(self, grounds: Iterable[object], make: Callable[[], V]) -> V:
        """What `make` makes of these grounds, or has made of the very same ones."""
        given = tuple(grounds)
        known = self._made
        if known is None or len(known[0]) != len(given) or not all(map(is_, known[0], given)):
            known = self._made = (given, make())
        return known[1]


class Memory:
    """All that one plan hands to the next."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.satellites = KnownSatellites()
        self.models = KnownModels()
        self.on_board = Last[OnBoard]()
        self.demands = Last[Demands]()
        self.at_rest = AtRest()
        self._anybody_departs = False

    def note_departing(self, nodes: Collection[str]) -> None:
        """Nodes without a SatelliteNode still have Pods; while they do no decision stands."""
        if nodes or self._anybody_departs:
            self.models = KnownModels()
        self._anybody_departs = bool(nodes)
