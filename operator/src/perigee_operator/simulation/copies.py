"""What verdicts do to the copies of models: how many serve, and how often one starts elsewhere."""

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from perigee_operator.simulation.placing import Placer, Presence
from perigee_operator.simulation.scenario import HOUR_S
from perigee_operator.simulation.truth import Truth
from perigee_operator.simulation.verdicts import Outcome

_STREAM = 5


@dataclass(frozen=True, slots=True)
class Service:
    """How the models fared."""

    moves: int
    """Copies that were started elsewhere."""
    short_copy_h: float
    """Copies that were wanted and did not serve, times the hours for which they did not."""


class _Kind(IntEnum):
    """What happens; at one moment the lower comes first."""

    DEATH = 0
    RETURN = 1
    VERDICT = 2
    START = 3


@dataclass(slots=True, eq=False)
class _Copy:
    model: int
    host: int
    serves: bool = False
    ended: bool = False
    stand_in: "_Copy | None" = None


@dataclass(slots=True)
class _Tally:
    """Counts what is short as time goes on."""

    replicas: int
    serving: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    short: int = 0
    since_s: float = 0.0
    short_s: float = 0.0

    def pass_time(self, until_s: float) -> None:
        self.short_s += self.short * (until_s - self.since_s)
        self.since_s = until_s

    def change(self, model: int, by: int) -> None:
        before = max(0, self.replicas - self.serving[model])
        self.serving[model] += by
        self.short += max(0, self.replicas - self.serving[model]) - before


class _Fleet:
    """The copies on the satellites."""

    def __init__(self, truth: Truth, outcome: Outcome, placer: Placer, presence: Presence) -> None:
        scenario = truth.scenario
        self._scenario = scenario
        self._truth = truth
        self._placer = placer
        self._presence = presence
        self._rng = np.random.default_rng([scenario.seed, _STREAM])
        self._on: dict[int, list[_Copy]] = defaultdict(list)
        self._hosts: dict[int, set[int]] = defaultdict(set)
        self._given_up: set[int] = set()
        self._tally = _Tally(scenario.replicas)
        self._moves = 0
        self._turn = 0
        self._events: list[tuple[float, int, int, int | _Copy]] = []
        for death in truth.mishaps.deaths.items():
            self._expect(death[1], _Kind.DEATH, death[0])
        for verdict in outcome.verdicts:
            self._expect(verdict.at_s, _Kind.VERDICT, verdict.satellite)
            if verdict.until_s is not None:
                self._expect(verdict.until_s, _Kind.RETURN, verdict.satellite)

    def run(self) -> Service:
        for model in range(self._scenario.models):
            self._tally.serving[model] = self._scenario.replicas
            for host in self._placer.first(model):
                self._put(model, host).serves = True
        end_s = self._scenario.end_s
        while self._events and self._events[0][0] < end_s:
            at_s, kind, _, what = heapq.heappop(self._events)
            self._tally.pass_time(at_s)
            self._happen(_Kind(kind), what, at_s)
        self._tally.pass_time(end_s)
        return Service(self._moves, self._tally.short_s / HOUR_S)

    def _happen(self, kind: _Kind, what: int | _Copy, at_s: float) -> None:
        if isinstance(what, _Copy):
            self._start(what, at_s)
        elif kind is _Kind.DEATH:
            for copy in self._on[what]:
                self._stop(copy)
        elif kind is _Kind.VERDICT:
            self._give_up(what, at_s)
        else:
            self._take_back(what)

    def _give_up(self, host: int, at_s: float) -> None:
        self._given_up.add(host)
        for copy in [each for each in self._on[host] if each.stand_in is None]:
            hosts = self._hosts[copy.model]
            chosen = self._placer.next(copy.model, hosts, self._given_up, at_s)
            if chosen is None:
                continue
            copy.stand_in = self._put(copy.model, chosen)
            self._moves += 1
            ready_s = self._presence.heard_next_s(chosen, at_s)
            takes_s = float(self._rng.uniform(*self._scenario.copy_start_s))
            self._expect(ready_s + takes_s, _Kind.START, copy.stand_in)

    def _take_back(self, host: int) -> None:
        self._given_up.discard(host)
        for copy in [each for each in self._on[host] if each.stand_in is not None]:
            if not self._placer.adopts:
                self._end(copy)
                continue
            while copy.stand_in is not None:
                self._end(copy.stand_in)
                copy.stand_in = copy.stand_in.stand_in

    def _start(self, copy: _Copy, at_s: float) -> None:
        death_s = self._truth.died_at(copy.host)
        if not copy.ended and (death_s is None or at_s < death_s):
            copy.serves = True
            self._tally.change(copy.model, 1)

    def _stop(self, copy: _Copy) -> None:
        if copy.serves:
            copy.serves = False
            self._tally.change(copy.model, -1)

    def _end(self, copy: _Copy) -> None:
        self._stop(copy)
        if not copy.ended:
            copy.ended = True
            self._on[copy.host].remove(copy)
            self._hosts[copy.model].remove(copy.host)

    def _put(self, model: int, host: int) -> _Copy:
        copy = _Copy(model, host)
        self._on[host].append(copy)
        self._hosts[model].add(host)
        return copy

    def _expect(self, at_s: float, kind: _Kind, what: int | _Copy) -> None:
        self._turn += 1
        heapq.heappush(self._events, (at_s, kind, self._turn, what))


def service(truth: Truth, outcome: Outcome, placer: Placer, presence: Presence) -> Service:
    """How models fare under a policy."""
    return _Fleet(truth, outcome, placer, presence).run()
