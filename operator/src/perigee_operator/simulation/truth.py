"""The truth that all policies face: who is where, alive and audible. No policy may look at it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.station import Station
from perigee_operator.simulation.constellation import elements, sightings
from perigee_operator.simulation.mishaps import Mishaps, mishaps
from perigee_operator.simulation.places import stations
from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.spans import Spans

NO_STATION = -1
"""Edge sites are heard without one."""

Progress = Callable[[float], None]
"""Is told how much of a piece of work is done, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A scenario as it plays."""

    scenario: Scenario
    stations: tuple[Station, ...]
    constellation: tuple[Elements, ...]
    """Of the satellites in orbit; the sites come after them."""
    sights: tuple[Spans, ...]
    """When each of the fleet is in sight of a station, whether anybody listens or not."""
    mishaps: Mishaps

    def is_site(self, number: int) -> bool:
        """Whether one of the fleet is always in contact."""
        return number >= len(self.constellation)

    def name_of(self, number: int) -> str:
        """What it is called."""
        return f"site-{number}" if self.is_site(number) else f"sat-{number}"

    def died_at(self, number: int) -> float | None:
        """When it dies, if it does."""
        return self.mishaps.deaths.get(number)

    def audible(self, number: int) -> Spans:
        """When it could be heard: in sight of a station that hears, alive and running."""
        spans = self.sights[number]
        for station, outages in enumerate(self.mishaps.station_outages):
            spans = spans.without(outages, station)
        outage, death_s = self.mishaps.ground_outage, self.died_at(number)
        gaps = [*self.mishaps.reboots[number]]
        if outage is not None:
            gaps.append(outage)
        if death_s is not None:
            gaps.append((death_s, np.inf))
        return spans.without(gaps)


def truth(scenario: Scenario, progress: Progress) -> Truth:
    """Works out what a scenario brings."""
    constellation = elements(scenario)
    grounds = stations(scenario.stations)
    seen: list[Spans] = []
    for spans in sightings(constellation, grounds, scenario.days):
        seen.append(spans)
        progress(len(seen) / len(constellation))
    always = Spans(np.zeros(1), np.array([scenario.end_s]), np.array([NO_STATION]))
    seen += [always] * scenario.sites
    return Truth(scenario, tuple(grounds), tuple(constellation), tuple(seen), mishaps(scenario))
