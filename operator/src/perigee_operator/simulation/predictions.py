"""What the ground foretells: contacts from elements that age, come late, and err."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats
from perigee_operator.domain.orbit.contacts import ALWAYS, Contacts, Source
from perigee_operator.domain.orbit.earth import EQUATOR_KM
from perigee_operator.domain.orbit.guard import EARTH_KM3_S2, guard_s
from perigee_operator.domain.orbit.horizon import LOOK_AHEAD, LOOK_BACK
from perigee_operator.domain.orbit.window import Window
from perigee_operator.simulation.scenario import DAY_S, HOUR_S, START, Scenario
from perigee_operator.simulation.truth import Truth

STALE_AFTER: Final = timedelta(days=14)
"""The operator's default."""
_ELEMENTS_STREAM = 3


@dataclass(frozen=True, slots=True)
class ElementSet:
    """Elements of a satellite as they were published, and how far they are off."""

    known_s: float
    """When the ground gets them."""
    replaced_s: float
    """When it gets the next."""
    epoch_s: float
    error_km: float
    """Along the track, at the epoch."""
    growth_km_day: float

    def late_s(self, at_s: Floats, speed_km_s: float) -> Floats:
        """How much later than foretold the satellite comes, in seconds."""
        age_days = np.abs(at_s - self.epoch_s) / DAY_S
        return (self.error_km + self.growth_km_day * age_days) / speed_km_s


def element_sets(scenario: Scenario, number: int) -> list[ElementSet]:
    """All sets of one satellite in a scenario, in order."""
    rng = np.random.default_rng([scenario.seed, _ELEMENTS_STREAM, number])
    arrivals = list(_arrivals(scenario, rng))
    until = [*arrivals[1:], scenario.end_s]
    return [
        ElementSet(
            known_s=known_s,
            replaced_s=replaced_s,
            epoch_s=known_s - scenario.elements_delay_h * HOUR_S,
            error_km=rng.normal(0, scenario.error_at_epoch_km),
            growth_km_day=rng.normal(0, scenario.error_growth_km_day),
        )
        for known_s, replaced_s in zip(arrivals, until, strict=True)
    ]


def _arrivals(scenario: Scenario, rng: np.random.Generator) -> Iterator[float]:
    """When sets arrive; the first is there from the beginning."""
    every_s = scenario.elements_every_days * DAY_S
    yield 0.0
    due_s = float(rng.uniform(0, every_s))
    while due_s < scenario.end_s:
        if rng.random() >= scenario.elements_late_share:
            yield due_s
        due_s += every_s


def foretold(truth: Truth, number: int, elements: ElementSet) -> Contacts:
    """The contacts of one satellite, for as long as these elements are in use.

    Stations that are out unforeseen are not known to be.
    """
    if truth.is_site(number):
        return ALWAYS
    own = replace(truth.constellation[number], epoch=moment(elements.epoch_s))
    since_s = elements.known_s - LOOK_BACK.total_seconds()
    until_s = elements.replaced_s + LOOK_AHEAD.total_seconds()
    true = truth.sights[number]
    true = true.take((true.ends > since_s) & (true.starts < until_s))
    middles = (true.starts + true.ends) / 2
    spans = true.shifted(-elements.late_s(middles, speed_km_s(truth.scenario)))
    windows = zip(spans.starts.tolist(), spans.ends.tolist(), spans.stations.tolist(), strict=True)
    return Contacts(
        windows=tuple(
            Window(
                start := moment(start_s),
                moment(end_s),
                truth.stations[station].name,
                guard_s=guard_s(own, start),
            )
            for start_s, end_s, station in windows
        ),
        known_from=moment(since_s),
        known_until=moment(until_s),
        source=Source.PROPAGATED,
        epoch=own.epoch,
        stale_from=own.epoch + STALE_AFTER,
    )


def speed_km_s(scenario: Scenario) -> float:
    """Of a satellite on a circle."""
    return float(np.sqrt(EARTH_KM3_S2 / (EQUATOR_KM + scenario.altitude_km)))


def moment(seconds: float) -> datetime:
    """A time of a simulation as a date."""
    return START + timedelta(seconds=seconds)


def seconds(when: datetime) -> float:
    """A date as a time of a simulation."""
    return (when - START).total_seconds()
