"""A fleet on paper that flies the scenario of a simulation: the same truth, the same heartbeats.

Nothing happens by steps: time goes on to the next heartbeat or mishap, or to the moment at which
the plan wants to be asked again. What the operator reads and writes, and who decides, is as in
`PaperFleet`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Final

import numpy as np

from paper_fleet import controllers
from paper_fleet.api_server import Item
from paper_fleet.fleet import IMAGE, PaperFleet
from paper_fleet.satellite import PaperSatellite
from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.liveness.phase import WITNESS_PATIENCE_S
from perigee_operator.domain.orbit.arrays import Floats
from perigee_operator.domain.orbit.contacts import MOMENT, UNKNOWN, Contacts
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.plan import Plan, plan
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.services.views.satellites import SatelliteRecord
from perigee_operator.simulation.cluster import Cluster
from perigee_operator.simulation.predictions import (
    ElementSet,
    element_sets,
    foretold,
    moment,
    seconds,
)
from perigee_operator.simulation.scenario import START
from perigee_operator.simulation.signals import Runs, Signals
from perigee_operator.simulation.truth import Truth
from perigee_operator.storage.cache import Change, Origin

GRACE_S: Final = 40.0
"""A Node whose kubelet is silent for longer is marked: as in `controllers.watch_nodes`."""


class _Kind(IntEnum):
    """What happens; of what happens at one moment the lower comes first."""

    ELEMENTS = 0
    POWER_LOST = 1
    BOOT = 2
    FIRST_BEAT = 3
    """After a silence."""
    BEAT = 4
    SILENCE = 5


class Foretold:
    """The contacts of each satellite, by its name."""

    def __init__(self) -> None:
        self.by_name: dict[str, Contacts] = {}

    def of(
        self,
        satellites: Sequence[SatelliteRecord],
        stations: Sequence[Station],
        back_to: datetime | None = None,
    ) -> Mapping[str, Contacts]:
        """As `ContactSource` has it."""
        del stations, back_to
        return {each.uid: self.by_name.get(each.name, UNKNOWN) for each in satellites}


class FlownFleet(PaperFleet):
    """The satellites of a scenario, and the operator of them."""

    def __init__(self, truth: Truth, signals: Signals) -> None:
        scenario = truth.scenario
        self._foretold = Foretold()
        super().__init__(
            Settings(
                serve_image=IMAGE,
                loss_budget_percent=scenario.loss_budget_percent,
                sweep_limit_s=math.inf,
            ),
            begins=START,
            contacts=self._foretold,
        )
        self._truth = truth
        self.names = [view.name for view in Cluster(truth).views]
        """Of the satellites, by their number."""
        for view in Cluster(truth).views:
            assert view.spec is not None
            body = view.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
            self.api.create(ObjectKey(kinds.SATELLITE_NODE, view.name), {"spec": body})
            self.join(view.name)
        self._sets = [element_sets(scenario, n) for n in range(scenario.satellites)]
        self._events = sorted(_events(truth, signals, self._sets), reverse=True)
        self._due_s = 0.0
        self._bound: set[str] = set()
        self.bindings: list[tuple[float, str]] = []
        """When Pods were given a Node, and which, in order."""
        self.asked = 0
        """How often the plan was asked."""
        self.beats = 0
        """How many heartbeats came."""

    def fly(self, until_s: float) -> None:
        """Plays the scenario on, until so many seconds after its start."""
        step_s = self._truth.scenario.look_every_s
        while True:
            event_s = self._events[-1][0] if self._events else math.inf
            now_s = math.ceil(min(event_s, self._due_s) / step_s) * step_s
            if now_s >= until_s:
                return
            news = self._due_s <= now_s
            while self._events and self._events[-1][0] <= now_s:
                news |= self._happen(*self._events.pop())
            self.now = moment(now_s)
            if news:
                self._settle()

    def live(self) -> None:
        """What happens on board and in the cluster while nobody speaks."""
        for satellite in self.satellites.values():
            satellite.work()
        self._control()

    def plan(self) -> Plan:
        """What the operator would do now; it says when it wants to be asked again."""
        found = plan(self.snapshot(), self.now, self._memory)
        self.asked += 1
        limit_s = self._truth.scenario.look_every_s if self._is_awaited() else math.inf
        self._due_s = self._now_s + min(found.next_look_s, limit_s)
        return found

    @property
    def _now_s(self) -> float:
        return seconds(self.now)

    def _settle(self) -> None:
        """Controllers and the operator answer one another until nobody has anything to write."""
        version = -1
        while version != self.api.version:
            version = self.api.version
            self.live()
            self.sweep()
        self._note_bindings()

    def _note_bindings(self) -> None:
        for pod in self.pods():
            uid = pod["metadata"]["uid"]
            if "nodeName" in pod["spec"] and uid not in self._bound:
                self._bound.add(uid)
                self.bindings.append((self._now_s, pod["spec"]["nodeName"]))

    def _happen(self, at_s: float, kind: _Kind, number: int, row: int) -> bool:
        """Whether the operator is to be asked at once."""
        self.now = moment(at_s)
        satellite = self.satellites[self.names[number]]
        if kind is _Kind.BEAT:
            return self._beat(satellite)
        if kind is _Kind.FIRST_BEAT:
            self._beat(satellite)
        elif kind is _Kind.ELEMENTS:
            contacts = foretold(self._truth, number, self._sets[number][row])
            self._foretold.by_name[satellite.name] = contacts
        elif kind is _Kind.POWER_LOST:
            satellite.lose_power()
        elif kind is _Kind.BOOT and at_s < self._truth.mishaps.deaths.get(number, math.inf):
            satellite.boot()
        controllers.watch_nodes(self.api, self.feed.kubelet_arrivals.get, self.now)
        return True

    def _beat(self, satellite: PaperSatellite) -> bool:
        """Whether a heartbeat among others may change anything: it may if it tells of Pods."""
        self.beats += 1
        pods = self._versions_of_pods()
        satellite.work()
        satellite.talk(self.api, self.now)
        for namespace, take in (
            (names.HEARTBEAT_NAMESPACE, self.feed.take_agent_lease),
            (names.KUBELET_LEASE_NAMESPACE, self.feed.take_kubelet_lease),
        ):
            lease = self.api.get(ObjectKey(kinds.LEASE, satellite.name, namespace))
            if lease is not None:
                take(Change(lease, Origin.STREAMED))
        return self._versions_of_pods() != pods

    def _versions_of_pods(self) -> list[str]:
        return [pod["metadata"]["resourceVersion"] for pod in self.api.items(kinds.POD)]

    def _is_awaited(self) -> bool:
        """Whether somebody's loss waits for a sign of life of anybody else, or is held."""
        return any(
            self._has_just_missed(status) or _is_held(status)
            for item in self.api.items(kinds.SATELLITE_NODE)
            if (status := item.get("status"))
        )

    def _has_just_missed(self, status: Item) -> bool:
        judged = status.get("passesJudgedUntil")
        if judged is None:
            return False
        since_s = (self.now - datetime.fromisoformat(judged)).total_seconds()
        return since_s <= WITNESS_PATIENCE_S


def _events(
    truth: Truth, signals: Signals, sets: Sequence[Sequence[ElementSet]]
) -> Iterator[tuple[float, _Kind, int, int]]:
    """All that happens: when, what, to which satellite, and the number of its elements."""
    for number, runs in enumerate(signals.runs):
        for row, each in enumerate(sets[number]):
            yield each.known_s, _Kind.ELEMENTS, number, row
        firsts = set(runs.firsts_s.tolist())
        for at_s in arrivals(runs).tolist():
            yield at_s, _Kind.FIRST_BEAT if at_s in firsts else _Kind.BEAT, number, 0
        for last_s in runs.lasts_s.tolist():
            yield last_s + GRACE_S + MOMENT.total_seconds(), _Kind.SILENCE, number, 0
        for begins_s, ends_s in truth.mishaps.reboots[number]:
            yield begins_s, _Kind.POWER_LOST, number, 0
            yield ends_s, _Kind.BOOT, number, 0
    for number, at_s in truth.mishaps.deaths.items():
        yield at_s, _Kind.POWER_LOST, number, 0


def _is_held(status: Item) -> bool:
    conditions = status.get("conditions", ())
    return any(each["type"] == "LossHeld" and each["status"] == "True" for each in conditions)


def arrivals(runs: Runs) -> Floats:
    """Every heartbeat. Within a run they are taken for even."""
    rows = zip(runs.firsts_s, runs.lasts_s, runs.counts, strict=True)
    return np.concatenate([np.linspace(*row) for row in rows] or [np.zeros(0)])
