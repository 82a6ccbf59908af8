"""The simulation beside the operator's own plan: the same fleet, the same heartbeats.

The simulation asks the detector alone, and reckons afterwards where copies go. A fleet on paper is
asked by `plan` as a whole, whose writes are performed: statuses, labels, ReplicaSets.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pytest

from paper_fleet.flown import FlownFleet
from paper_fleet.intents import model_body
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain import kinds
from perigee_operator.domain.liveness.unbroken import LONGEST_PAUSE
from perigee_operator.simulation import perigee
from perigee_operator.simulation.copies import service
from perigee_operator.simulation.placing import Place, Presence
from perigee_operator.simulation.predictions import seconds
from perigee_operator.simulation.readiness import ByPerigee
from perigee_operator.simulation.scenario import HOUR_S, Scenario
from perigee_operator.simulation.signals import Runs, Signals, signals
from perigee_operator.simulation.spans import contacts
from perigee_operator.simulation.truth import Truth, truth
from perigee_operator.simulation.verdicts import Outcome

SCENARIO = Scenario(
    satellites=10,
    stations=2,
    days=1.25,
    sites_share=0,
    planes=5,
    dead_share=0.3,
    settled_days=0.3,
    judged_days=0.5,
    reboot_every_days=1,
    # Some are silent for two passes and more, and come back.
    reboot_s=(60, 15_000),
    station_out_every_days=0,
    ground_out_h=0,
    models=1,
    replicas=3,
)
TOGETHER_S = 120.0
"""At first everybody is heard for so long: the first copies serve before anything happens."""
CASES = (
    (SCENARIO, 0.05),
    (replace(SCENARIO, seed=2), 0.2),
    (replace(SCENARIO, seed=3, station_out_every_days=1), 0.05),
    (replace(SCENARIO, seed=4, days=1, sites_share=0.1), 0.01),
)

A_SWEEP_S = SCENARIO.look_every_s
LATER_S = SCENARIO.heartbeat_s
"""The simulation takes a run of heartbeats for one event, at its first: where a verdict waits for
the next sign of life of anybody else, it has that up to a heartbeat too soon."""
REPORTS_S = 60
"""A satellite is told what to keep by one heartbeat, and says by the next that it has it. Some are
lost."""


@dataclass(frozen=True)
class Played:
    """One case, played by both."""

    world: Truth
    outcome: Outcome
    places: tuple[tuple[float, Place], ...]
    """Where the simulation starts copies anew, and when it decides so."""
    fleet: FlownFleet

    def told(self) -> list[tuple[str, float, float | None]]:
        """Who is given up in the simulation, when, and until when."""
        name = self.world.name_of
        return sorted((name(v.satellite), v.at_s, v.until_s) for v in self.outcome.verdicts)

    def written(self) -> list[tuple[str, float, float | None]]:
        """The same, as the plan's Events have it."""
        found: list[tuple[str, float, float | None]] = []
        for said in self.fleet.api.announced:
            name, at_s = said.regarding.name, seconds(said.at)
            if said.regarding.kind != kinds.SATELLITE_NODE:
                continue
            if said.reason == SatellitePhase.LOST.value:
                found.append((name, at_s, None))
            elif said.note.startswith(f"{SatellitePhase.LOST.value} before."):
                last = max(n for n, (other, _, _) in enumerate(found) if other == name)
                found[last] = (name, found[last][1], at_s)
        return sorted(found)


class FromThere(ByPerigee):
    """Begins with the copies where a scheduler has put them, and keeps what it decides."""

    def __init__(self, world: Truth, presence: Presence, there: tuple[int, ...]) -> None:
        super().__init__(world, presence)
        self._there = there
        self.places: list[tuple[float, Place]] = []

    def first(self, model: int) -> tuple[int, ...]:
        super().first(model)
        assert self._chosen[model].issuperset(self._there)
        return self._there

    def next(
        self, model: int, hosts: Collection[int], given_up: Collection[int], at_s: float
    ) -> Place | None:
        place = super().next(model, hosts, given_up, at_s)
        if place is not None:
            self.places.append((at_s, place))
        return place


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"seed {case[0].seed}")
def played(request: pytest.FixtureRequest) -> Played:
    scenario, loss = request.param
    world = with_deaths_in_light_and_dark(truth(scenario, lambda _: None))
    heard = heard_together_at_first(signals(world, loss))
    fleet = FlownFleet(world, heard)
    body = model_body(replicas=scenario.replicas, placement={"spreadBy": "plane"})
    fleet.ask("m", body)
    fleet.fly(TOGETHER_S)
    first = tuple(fleet.names.index(name) for _, name in fleet.bindings)
    for satellite in fleet.satellites.values():
        satellite.fetch_s = scenario.fetch_h * HOUR_S
    fleet.fly(scenario.end_s)
    outcome = perigee.outcome(world, heard, lambda _: None)
    presence = Presence(heard)
    placer = FromThere(world, presence, first)
    service(world, outcome, placer, presence)
    return Played(world, outcome, tuple(placer.places), fleet)


def with_deaths_in_light_and_dark(world: Truth) -> Truth:
    """The first who dies does so in mid-pass, the next between two passes."""
    deaths = dict(world.mishaps.deaths)
    for number, in_light in zip(sorted(deaths), (True, False), strict=False):
        if world.is_site(number):
            continue
        starts, ends = contacts(world.sights[number])
        row = int(np.searchsorted(starts, deaths[number]))
        until_s = ends[row] if in_light else starts[row + 1]
        since_s = starts[row] if in_light else ends[row]
        deaths[number] = float(since_s + until_s) / 2
    return replace(world, mishaps=replace(world.mishaps, deaths=deaths))


def heard_together_at_first(given: Signals) -> Signals:
    """Whatever is heard within the first minutes, everybody is."""

    beat_s, until_s = SCENARIO.heartbeat_s, TOGETHER_S + SCENARIO.heartbeat_s

    def of(runs: Runs) -> Runs:
        later = runs.lasts_s > until_s + LONGEST_PAUSE.total_seconds()
        firsts_s, lasts_s, counts = runs.firsts_s[later], runs.lasts_s[later], runs.counts[later]
        cut = firsts_s < until_s
        firsts_s = np.where(cut, until_s, firsts_s)
        counts = np.where(cut, np.round((lasts_s - firsts_s) / beat_s) + 1, counts)
        return Runs(
            np.concatenate(([0.0], firsts_s)),
            np.concatenate(([TOGETHER_S], lasts_s)),
            np.concatenate(([TOGETHER_S / beat_s + 1], counts)).astype(np.intp),
            np.concatenate(([beat_s], runs.means_s[later])),
            np.concatenate(([0.0], runs.deviations_s[later])),
        )

    return Signals(given.loss, tuple(map(of, given.runs)))


def test_the_same_satellites_are_given_up_and_taken_back(played: Played) -> None:
    told, written = played.told(), played.written()
    assert [name for name, _, _ in told] == [name for name, _, _ in written]
    for (_, at_s, until_s), (_, written_s, back_s) in zip(told, written, strict=True):
        assert 0 <= written_s - at_s <= LATER_S
        assert (until_s is None) == (back_s is None)
        assert abs((back_s or 0) - (until_s or 0)) <= A_SWEEP_S


def test_there_is_something_to_compare(played: Played) -> None:
    given_up = {verdict.satellite for verdict in played.outcome.verdicts}
    assert given_up >= played.world.mishaps.deaths.keys()
    assert played.places
    # The plan is asked when it wants to be, not at every look.
    assert played.fleet.asked < played.world.scenario.end_s / A_SWEEP_S / 2


def test_whoever_is_held_here_is_held_there(played: Played) -> None:
    """There somebody may be held besides for less than a heartbeat: see `LATER_S`."""
    told = {played.world.name_of(hold.satellite) for hold in played.outcome.holds}
    held = [said for said in played.fleet.api.announced if said.reason == "LossHeld"]
    assert told <= {said.regarding.name for said in held}


def test_copies_start_anew_on_the_same_satellites(played: Played) -> None:
    started = list(played.fleet.bindings[played.world.scenario.replicas :])
    for at_s, place in played.places:
        name = played.world.name_of(place.satellite)
        same = [s for s in started if s[1] == name and 0 <= s[0] - place.taken_s <= REPORTS_S]
        if same:
            started.remove(same[0])
        else:
            assert is_decided_anew(played, at_s, place.taken_s)
    assert started == []


def is_decided_anew(played: Played, at_s: float, taken_s: float) -> bool:
    """Whether somebody is given up or comes back before a copy is taken, or all is over."""
    moments = [played.world.scenario.end_s - A_SWEEP_S]
    for verdict in played.outcome.verdicts:
        moments += [verdict.at_s] if verdict.until_s is None else [verdict.at_s, verdict.until_s]
    return any(at_s < moment <= taken_s for moment in moments)
