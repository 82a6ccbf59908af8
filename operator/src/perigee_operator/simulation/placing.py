"""Where a copy that is lost starts anew: who is asked, and what a plain scheduler says."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.signals import Signals
from perigee_operator.simulation.stock import GRACE_S

_TRIES = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a copy goes."""

    satellite: int
    """Its number."""
    taken_s: float
    """When that takes it; infinity: never."""


class Presence:
    """Who is heard when, of those who ever are."""

    def __init__(self, signals: Signals) -> None:
        self._runs = signals.runs

    def heard_next_s(self, number: int, at_s: float) -> float:
        """When it is heard next, from a moment on; infinity where it never is."""
        runs = self._runs[number]
        row = int(np.searchsorted(runs.lasts_s, at_s))
        return max(at_s, float(runs.firsts_s[row])) if row < len(runs.firsts_s) else np.inf

    def heard_last_s(self, number: int, at_s: float) -> float:
        """When it was heard last, up to a moment; minus infinity where it never was."""
        runs = self._runs[number]
        row = int(np.searchsorted(runs.firsts_s, at_s, side="right")) - 1
        return min(at_s, float(runs.lasts_s[row])) if row >= 0 else -np.inf

    def first_heard(self, since_s: Mapping[int, float]) -> Place | None:
        """Who of some is heard first, each from a moment of its own on; None of nobody."""
        heard_s = ((self.heard_next_s(number, s), number) for number, s in since_s.items())
        taken_s, number = min(heard_s, default=(np.inf, None))
        return None if number is None else Place(number, taken_s)

    def is_ready(self, number: int, at_s: float) -> bool:
        """Whether its Node is ready: it was heard within the node controller's grace."""
        return at_s - self.heard_last_s(number, at_s) <= GRACE_S


class Placer(Protocol):
    """Says where copies go."""

    adopts: bool
    """Whether a satellite that comes back goes on with what it carries."""

    def first(self, model: int) -> tuple[int, ...]:
        """The satellites of a model's first copies."""

    def next(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> Place | None:
        """Where one more copy goes; None where nobody is left to take it.

        Args:
            model: its number.
            hosts: who has a copy of it, wanted or not.
            given_up: whom the policy holds for lost.
            at_s: the moment.
        """

    def noted(
        self,
        satellite: int,
        hosts: Mapping[int, AbstractSet[int]],
        given_up: Collection[int],
        at_s: float,
    ) -> None:
        """A satellite was given up or is back, and no copy has moved for it yet.

        `hosts` are those of each model.
        """


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
    ) -> Place | None:
        """One that is ready; where none is, the one that will be first: the Pod waits for it."""
        del model
        for _ in range(_TRIES):
            number = int(self._rng.integers(self._scenario.satellites))
            barred = number in hosts or number in given_up
            if not barred and self._presence.is_ready(number, at_s):
                return Place(number, self._presence.heard_next_s(number, at_s))
        free = [n for n in range(self._scenario.satellites) if n not in hosts]
        return self._presence.first_heard(dict.fromkeys(free, at_s))

    def noted(
        self,
        satellite: int,
        hosts: Mapping[int, AbstractSet[int]],
        given_up: Collection[int],
        at_s: float,
    ) -> None:
        """Changes nothing: a scheduler looks when there is something to be placed."""
