"""What verdicts do to the copies of models: how many serve, and how often one starts elsewhere."""

import heapq
import math
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
    short_by_hour: tuple[float, ...]
    """Copies that were wanted and did not serve, of all models, on the average of each hour in
    order. Of a last hour that ends early, times the part of it that there was."""
    short_copy_h: float
    """Copies that were wanted and did not serve, times the hours for which they did not: the sum of
    those by hour."""


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
    number: int
    """Later ones have higher numbers."""
    taken_s: float
    """When its satellite takes it."""
    serves: bool = False
    verified: bool = False
    """The ground was told that it serves, and knows nothing else yet."""
    ended: bool = False
    replaced: bool = False
    """Another was started in its place."""


@dataclass(slots=True)
class _Tally:
    """Counts what is short as time goes on."""

    replicas: int
    short_s: list[float]
    """Copies short, times the seconds for which they were, of each hour."""
    serving: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    short: int = 0
    since_s: float = 0.0

    def pass_time(self, until_s: float) -> None:
        while self.since_s < until_s:
            hour = int(self.since_s // HOUR_S)
            part_until_s = min(until_s, (hour + 1) * HOUR_S)
            self.short_s[hour] += self.short * (part_until_s - self.since_s)
            self.since_s = part_until_s

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
        self._given_up: dict[int, float] = {}
        """When each satellite that is given up was."""
        self._tally = _Tally(scenario.replicas, [0.0] * math.ceil(scenario.end_s / HOUR_S))
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
                copy = self._put(model, host, 0.0)
                copy.serves = copy.verified = True
        end_s = self._scenario.end_s
        while self._events and self._events[0][0] < end_s:
            at_s, kind, _, what = heapq.heappop(self._events)
            self._tally.pass_time(at_s)
            self._happen(_Kind(kind), what, at_s)
        self._tally.pass_time(end_s)
        by_hour = tuple(short_s / HOUR_S for short_s in self._tally.short_s)
        return Service(self._moves, by_hour, math.fsum(by_hour))

    def _happen(self, kind: _Kind, what: int | _Copy, at_s: float) -> None:
        if isinstance(what, _Copy):
            self._start(what, at_s)
        elif kind is _Kind.DEATH:
            for copy in self._on[what]:
                self._stop(copy)
        elif kind is _Kind.VERDICT:
            self._give_up(what, at_s)
        else:
            self._take_back(what, at_s)

    def _give_up(self, host: int, at_s: float) -> None:
        self._given_up[host] = at_s
        self._placer.noted(host, self._hosts, self._given_up, at_s)
        for copy in [each for each in self._on[host] if not each.replaced]:
            hosts = self._hosts[copy.model]
            place = self._placer.next(copy.model, hosts, self._given_up, at_s)
            if place is None:
                continue
            copy.replaced = True
            other = self._put(copy.model, place.satellite, place.taken_s)
            self._moves += 1
            takes_s = float(self._rng.uniform(*self._scenario.copy_start_s))
            self._expect(place.taken_s + takes_s, _Kind.START, other)

    def _take_back(self, host: int, at_s: float) -> None:
        given_up_s = self._given_up.pop(host)
        self._placer.noted(host, self._hosts, self._given_up, at_s)
        if self._placer.adopts:
            self._adopt(host, given_up_s, at_s)
            return
        for copy in [each for each in self._on[host] if each.replaced]:
            self._end(copy)

    def _adopt(self, host: int, given_up_s: float, at_s: float) -> None:
        """What it carries counts again; of as many as are too many now the least worth end."""
        has_rebooted = self._has_rebooted(host, given_up_s, at_s)
        for copy in list(self._on[host]):
            copy.replaced = False
            was_verified = copy.verified
            copy.verified = was_verified and not has_rebooted
            in_service = self._in_service(copy.model)
            if len(in_service) > self._scenario.replicas:
                self._end(max(in_service, key=lambda each: _dispensability(each, at_s)))
            copy.verified = was_verified

    def _has_rebooted(self, host: int, given_up_s: float, until_s: float) -> bool:
        """Whether it has since it was last heard before it was given up: its copies start anew."""
        since_s = self._presence.heard_last_s(host, given_up_s)
        reboots = self._truth.mishaps.reboots[host]
        return any(begins_s < until_s and ends_s > since_s for begins_s, ends_s in reboots)

    def _in_service(self, model: int) -> list[_Copy]:
        hosts = sorted(self._hosts[model] - self._given_up.keys())
        return [copy for host in hosts for copy in self._on[host] if copy.model == model]

    def _start(self, copy: _Copy, at_s: float) -> None:
        death_s = self._truth.died_at(copy.host)
        if not copy.ended and (death_s is None or at_s < death_s):
            copy.serves = copy.verified = True
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

    def _put(self, model: int, host: int, taken_s: float) -> _Copy:
        self._turn += 1
        copy = _Copy(model, host, self._turn, taken_s)
        self._on[host].append(copy)
        self._hosts[model].add(host)
        return copy

    def _expect(self, at_s: float, kind: _Kind, what: int | _Copy) -> None:
        self._turn += 1
        heapq.heappush(self._events, (at_s, kind, self._turn, what))


def _dispensability(copy: _Copy, at_s: float) -> tuple[bool, bool, int]:
    """The greater, the sooner it ends: as `perigee_operator.domain.placement.copies` has it."""
    return copy.taken_s > at_s, not copy.verified, copy.number


def service(truth: Truth, outcome: Outcome, placer: Placer, presence: Presence) -> Service:
    """How models fare under a policy."""
    return _Fleet(truth, outcome, placer, presence).run()
