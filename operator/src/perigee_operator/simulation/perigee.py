"""Perigee's own policy: the operator's domain, asked as the operator asks it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from enum import IntEnum
from typing import Final

from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.liveness.watch import Watch
from perigee_operator.domain.roster import Roster
from perigee_operator.simulation.cluster import Cluster, is_news
from perigee_operator.simulation.predictions import (
    ElementSet,
    element_sets,
    foretold,
    moment,
    seconds,
)
from perigee_operator.simulation.signals import Signals
from perigee_operator.simulation.timeline import Event, column, in_time
from perigee_operator.simulation.truth import Progress, Truth
from perigee_operator.simulation.verdicts import Hold, Outcome, Verdict

NAME: Final = "Perigee"


class _Kind(IntEnum):
    """What happens; of what happens at one moment the lower comes first."""

    RESTART = 0
    ELEMENTS = 1
    HEARTBEATS = 2


class Operator:
    """Watches the fleet of a cluster, and writes down what it finds.

    Args:
        truth: the scenario; of the truth it uses nothing but what is foretold.
        signals: what is heard.
    """

    def __init__(self, truth: Truth, signals: Signals) -> None:
        self._truth = truth
        self._signals = signals
        self._cluster = Cluster(truth)
        self._watch = Watch()
        self._held: dict[str, str] = {}
        self._verdicts: list[Verdict] = []
        self._open: dict[int, int] = {}
        """Index of the verdict that stands, by satellite."""
        self._heard_again: set[str] = set()
        """Names of those with such a verdict: they may have to wait for their turn to come back."""
        self._holds: list[Hold] = []
        self._sets = [
            element_sets(truth.scenario, number) for number in range(truth.scenario.satellites)
        ]

    def run(self, restarts: Sequence[float], progress: Progress) -> Outcome:
        """Plays the scenario to its end.

        Args:
            restarts: when the operator is restarted.
            progress: is told how far it has come.
        """
        step_s = self._truth.scenario.look_every_s
        end_s = self._truth.scenario.end_s
        events = _events(self._truth, self._signals, self._sets, restarts)
        event = next(events, None)
        now_s = 0.0
        while True:
            next_s = min(self._due_s(now_s), math.inf if event is None else event[0])
            now_s = math.ceil(next_s / step_s) * step_s if next_s < end_s else end_s
            if now_s >= end_s:
                break
            while event is not None and event[0] <= now_s:
                self._take(event)
                event = next(events, None)
            self._look(moment(now_s), now_s)
            progress(now_s / end_s)
        return Outcome(NAME, tuple(self._verdicts), tuple(self._holds))

    def _due_s(self, now_s: float) -> float:
        """When to look at the latest. What is held may be set free by time, as the budget is."""
        due = self._watch.next_due()
        due_s = math.inf if due is None else seconds(due)
        return min(due_s, now_s + self._truth.scenario.look_every_s) if self._held else due_s

    def _take(self, event: Event) -> None:
        at_s, kind, number, row = event
        if kind == _Kind.HEARTBEATS:
            view = self._cluster.hear(number, self._signals.runs[number], row)
            self._watch.see_one(view)
            if number in self._open:
                self._heard_again.add(view.name)
        elif kind == _Kind.ELEMENTS:
            contacts = foretold(self._truth, number, self._sets[number][row])
            self._watch.see_one(self._cluster.foretell(number, contacts))
        else:
            self._watch = Watch()
            self._cluster.restart(moment(at_s))
            self._watch.see(Roster(tuple(self._cluster.views)))

    def _look(self, now: datetime, now_s: float) -> None:
        cluster = self._cluster
        assessments, held = self._watch.look(
            cluster.hearing, self._truth.scenario.loss_budget_percent, now
        )
        concerned = {*self._watch.assessed, *self._held, *held, *self._heard_again}
        for name in sorted(concerned):
            number = cluster.numbers[name]
            view, found = cluster.views[number], assessments[name]
            if held.get(name) is not None and self._held.get(name) != held[name].reason:
                self._holds.append(Hold(number, now_s, held[name].reason))
            if is_news(view, found):
                self._note(number, view.status.phase, found.phase, now_s)
                self._watch.see_one(cluster.record(number, found, held.get(name), now))
        self._held = {name: each.reason for name, each in held.items()}

    def _note(
        self, number: int, before: SatellitePhase, after: SatellitePhase, now_s: float
    ) -> None:
        was_lost, is_lost = before is SatellitePhase.LOST, after is SatellitePhase.LOST
        if is_lost and not was_lost:
            self._open[number] = len(self._verdicts)
            self._verdicts.append(Verdict(number, now_s))
        elif was_lost and not is_lost:
            index = self._open.pop(number)
            self._heard_again.discard(self._cluster.views[number].name)
            self._verdicts[index] = replace(self._verdicts[index], until_s=now_s)


def outcome(
    truth: Truth, signals: Signals, progress: Progress, restarts: Sequence[float] = ()
) -> Outcome:
    """What Perigee makes of a scenario."""
    return Operator(truth, signals).run(restarts, progress)


def _events(
    truth: Truth, signals: Signals, sets: Sequence[Sequence[ElementSet]], restarts: Sequence[float]
) -> Iterator[Event]:
    """Everything that happens, in order of time."""
    columns = [column(restarts, _Kind.RESTART, 0)]
    for number in range(truth.scenario.satellites):
        known_s = [each.known_s for each in sets[number]]
        if truth.is_site(number):
            known_s = known_s[:1]
        columns.append(column(known_s, _Kind.ELEMENTS, number))
        columns.append(column(signals.runs[number].firsts_s, _Kind.HEARTBEATS, number))
    return in_time(columns)
