"""Where a copy that is lost starts anew: as Perigee chooses, and as a plain scheduler does."""

from collections.abc import Collection, Iterable
from typing import Protocol

import numpy as np

from perigee_api import names
from perigee_api.placement import SpreadBy
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import NodeView
from perigee_operator.domain.orbit.contacts import UNKNOWN
from perigee_operator.domain.placement.choice import choose, with_standby
from perigee_operator.domain.satellite import Satellite
from perigee_operator.simulation.constellation import plane_of
from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.signals import Signals
from perigee_operator.simulation.stock import GRACE_S
from perigee_operator.simulation.truth import Truth

_TRIES = 1_000


class Presence:
    """Who is heard when, of those who ever are."""

    def __init__(self, signals: Signals) -> None:
        self._runs = signals.runs

    def heard_next_s(self, number: int, at_s: float) -> float:
        """When it is heard next, from a moment on; infinity where it never is."""
        runs = self._runs[number]
        row = int(np.searchsorted(runs.lasts_s, at_s))
        return max(at_s, float(runs.firsts_s[row])) if row < len(runs.firsts_s) else np.inf

    def first_heard(self, numbers: Iterable[int], at_s: float) -> int | None:
        """Who of some is heard first, from a moment on."""
        return min(numbers, key=lambda n: (self.heard_next_s(n, at_s), n), default=None)

    def is_ready(self, number: int, at_s: float) -> bool:
        """Whether its Node is ready: it was heard within the node controller's grace."""
        runs = self._runs[number]
        row = int(np.searchsorted(runs.firsts_s, at_s, side="right")) - 1
        return row >= 0 and at_s - float(runs.lasts_s[row]) <= GRACE_S


class Placer(Protocol):
    """Says where copies go."""

    adopts: bool
    """Whether a satellite that comes back goes on with what it carries."""

    def first(self, model: int) -> tuple[int, ...]:
        """The satellites of a model's first copies."""

    def next(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> int | None:
        """The satellite of one more copy; None where nobody is left to take it.

        Args:
            model: its number.
            hosts: who has a copy of it, wanted or not.
            given_up: whom the policy holds for lost.
            at_s: the moment.
        """


class ByPerigee:
    """The operator's own choice, with satellites that keep the artifact in readiness."""

    adopts = True

    def __init__(self, truth: Truth, presence: Presence) -> None:
        self._scenario = truth.scenario
        self._presence = presence
        numbers = range(self._scenario.satellites)
        self._heard = [_satellite(truth, n, SatellitePhase.IN_CONTACT) for n in numbers]
        self._dark = [_satellite(truth, n, SatellitePhase.EXPECTED_DARK) for n in numbers]
        self._assigned: dict[int, tuple[int, ...]] = {}
        self._loads = [0] * self._scenario.satellites

    def first(self, model: int) -> tuple[int, ...]:
        """Those that are chosen, models beside one another rather than on top."""
        chosen = choose(
            self._dark,
            with_standby(self._scenario.replicas),
            rank=lambda satellite: self._loads[_number(satellite)],
            spread_by=SpreadBy.PLANE,
        )
        self._assigned[model] = tuple(map(_number, chosen))
        hosts = self._assigned[model][: self._scenario.replicas]
        for number in hosts:
            self._loads[number] += 1
        return hosts

    def next(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> int | None:
        """The satellite in readiness that is heard first: there the scheduler can place it."""
        before = set(self._assigned[model])
        serving = set(hosts) - set(given_up)
        candidates = [self._seen(n, at_s) for n in range(len(self._dark)) if n not in given_up]
        chosen = choose(
            candidates,
            with_standby(self._scenario.replicas),
            rank=lambda satellite: _rank(_number(satellite), serving, before),
            spread_by=SpreadBy.PLANE,
        )
        self._assigned[model] = tuple(map(_number, chosen))
        free = [n for n in self._assigned[model] if n not in hosts]
        # Who was in readiness before has the artifact on board.
        fit = [n for n in free if n in before] or free
        return self._presence.first_heard(fit, at_s)

    def _seen(self, number: int, at_s: float) -> Satellite:
        ready = self._presence.is_ready(number, at_s)
        return self._heard[number] if ready else self._dark[number]


class ByScheduler:
    """Any Node that is ready and has no copy of the model yet."""

    adopts = False

    def __init__(self, scenario: Scenario, presence: Presence, rng: np.random.Generator) -> None:
        self._scenario = scenario
        self._presence = presence
        self._rng = rng

    def first(self, model: int) -> tuple[int, ...]:
        """At random: what a scheduler's scoring comes to where all Nodes are alike."""
        del model
        fleet, replicas = self._scenario.satellites, self._scenario.replicas
        return tuple(int(n) for n in self._rng.choice(fleet, replicas, replace=False))

    def next(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> int | None:
        """One that is ready; where none is, the one that will be first: the Pod waits for it."""
        del model
        for _ in range(_TRIES):
            number = int(self._rng.integers(self._scenario.satellites))
            barred = number in hosts or number in given_up
            if not barred and self._presence.is_ready(number, at_s):
                return number
        free = [n for n in range(self._scenario.satellites) if n not in hosts]
        return self._presence.first_heard(free, at_s)


def _rank(number: int, serving: Collection[int], assigned: Collection[int]) -> int:
    """As `perigee_operator.domain.rollout.layout.Situation.nearness` ranks them."""
    if number in serving:
        return 0
    return 2 if number in assigned else 4


def _number(satellite: Satellite) -> int:
    return int(satellite.name)


def _satellite(truth: Truth, number: int, phase: SatellitePhase) -> Satellite:
    site = truth.is_site(number)
    plane = "ground" if site else str(plane_of(number, truth.scenario))
    name = str(number)
    node = NodeView(name, name, {names.PLANE_LABEL: plane}, frozenset(), "arm64", ready=True)
    return Satellite(
        name=name,
        node=node,
        phase=phase,
        reachable=phase is SatellitePhase.IN_CONTACT,
        settled=True,
        leaving=False,
        artifacts={},
        assigned=frozenset(),
        contacts=UNKNOWN,
    )
