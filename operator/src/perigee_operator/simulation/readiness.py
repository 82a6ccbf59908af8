"""Where Perigee starts a copy anew: on a satellite that keeps the artifact in readiness."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from perigee_api import names
from perigee_api.placement import SpreadBy
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import NodeView
from perigee_operator.domain.orbit.contacts import UNKNOWN
from perigee_operator.domain.placement.choice import choose, with_standby
from perigee_operator.domain.satellite import Satellite
from perigee_operator.simulation.constellation import plane_of
from perigee_operator.simulation.placing import Place, Presence
from perigee_operator.simulation.predictions import moment
from perigee_operator.simulation.scenario import HOUR_S
from perigee_operator.simulation.truth import Truth


class ByPerigee:
    """The operator's own choice, with satellites that keep the artifact in readiness."""

    adopts = True

    def __init__(self, truth: Truth, presence: Presence) -> None:
        self._scenario = truth.scenario
        self._truth = truth
        self._presence = presence
        numbers = range(self._scenario.satellites)
        self._heard = [_satellite(truth, number) for number in numbers]
        self._numbers = {each.name: number for number, each in enumerate(self._heard)}
        self._chosen: dict[int, frozenset[int]] = {}
        """Who serves a model or keeps its artifact in readiness."""
        self._on_board_s: dict[int, dict[int, float]] = {}
        """Since when each has it on board; who once has it keeps it."""
        self._wanted = with_standby(self._scenario.replicas)
        self._loads = [0] * self._scenario.satellites

    def first(self, model: int) -> tuple[int, ...]:
        """Those that are chosen, models beside one another rather than on top."""
        chosen = choose(
            self._heard,
            self._wanted,
            rank=lambda satellite: self._loads[self._numbers[satellite.name]],
            spread_by=SpreadBy.PLANE,
        )
        numbers = [self._numbers[each.name] for each in chosen]
        self._chosen[model] = frozenset(numbers)
        self._on_board_s[model] = dict.fromkeys(numbers, 0.0)
        hosts = tuple(numbers[: self._scenario.replicas])
        for number in hosts:
            self._loads[number] += 1
        return hosts

    def next(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> Place | None:
        """The first that is heard with the artifact on board: there the scheduler can place it."""
        del given_up
        on_board_s = self._on_board_s[model]
        free = self._chosen[model].difference(hosts)
        return self._presence.first_heard({each: max(at_s, on_board_s[each]) for each in free})

    def noted(
        self,
        satellite: int,
        hosts: Mapping[int, AbstractSet[int]],
        given_up: Collection[int],
        at_s: float,
    ) -> None:
        """Chooses anew for the models that it concerns."""
        for model, chosen in self._chosen.items():
            if satellite in chosen | hosts[model] or len(chosen) < self._wanted:
                self._choose(model, hosts[model], given_up, at_s)

    def _choose(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> None:
        before, serving = self._chosen[model], set(hosts) - set(given_up)
        on_board_s = self._on_board_s[model]

        def rank(satellite: Satellite) -> int:
            """As `perigee_operator.domain.rollout.layout.Situation.nearness` does."""
            number = self._numbers[satellite.name]
            if number in serving:
                return 0
            if number not in before:
                return 4
            return 1 if on_board_s[number] <= at_s else 2

        chosen = choose(
            [self._seen(n, at_s) for n in range(len(self._heard)) if n not in given_up],
            self._wanted,
            rank=rank,
            spread_by=SpreadBy.PLANE,
        )
        self._chosen[model] = frozenset(self._numbers[each.name] for each in chosen)
        # Who is told that it is not wanted any more before it has it fetches it no further.
        kept = {
            n: s
            for n, s in on_board_s.items()
            if n in self._chosen[model] or s <= self._presence.heard_next_s(n, at_s)
        }
        told = self._chosen[model].difference(kept)
        self._on_board_s[model] = kept | {n: self._fetched_s(n, at_s) for n in told}

    def _fetched_s(self, number: int, told_s: float) -> float:
        """When one has an artifact on board that it is told to fetch."""
        heard_s = self._presence.heard_next_s(number, told_s)
        return self._presence.heard_next_s(number, heard_s + self._scenario.fetch_h * HOUR_S)

    def _seen(self, number: int, at_s: float) -> Satellite:
        if self._presence.is_ready(number, at_s):
            return self._heard[number]
        starts = self._truth.sights[number].starts
        row = int(np.searchsorted(starts, at_s))
        rises_at = moment(float(starts[row])) if row < len(starts) else None
        dark = self._heard[number]
        return replace(dark, phase=SatellitePhase.EXPECTED_DARK, reachable=False, rises_at=rises_at)


def _satellite(truth: Truth, number: int) -> Satellite:
    labels = {}
    if not truth.is_site(number):
        labels[names.PLANE_LABEL] = str(plane_of(number, truth.scenario))
    name = truth.name_of(number)
    node = NodeView(name, name, labels, frozenset(), "arm64", ready=True)
    return Satellite(
        name=name,
        node=node,
        phase=SatellitePhase.IN_CONTACT,
        reachable=True,
        settled=True,
        leaving=False,
        artifacts={},
        assigned=frozenset(),
        contacts=UNKNOWN,
    )
