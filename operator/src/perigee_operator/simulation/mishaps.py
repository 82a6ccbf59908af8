"""What goes wrong: who dies, who reboots, and when the ground is deaf."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from perigee_operator.simulation.scenario import DAY_S, HOUR_S, Scenario
from perigee_operator.simulation.spans import Gap


@dataclass(frozen=True, slots=True)
class Mishaps:
    """All that befalls a fleet and its ground."""

    deaths: dict[int, float]
    """When satellites die, by number."""
    reboots: tuple[tuple[Gap, ...], ...]
    """When each satellite is silent since it reboots."""
    station_outages: tuple[tuple[Gap, ...], ...]
    """When each station hears nothing."""
    ground_outage: Gap | None
    """When nobody is heard at all."""


def mishaps(scenario: Scenario) -> Mishaps:
    """Draws them."""
    rng = np.random.default_rng([scenario.seed, 0])
    return Mishaps(
        deaths=_deaths(scenario, rng),
        reboots=tuple(
            _recurring(scenario, rng, scenario.reboot_every_days, scenario.reboot_s)
            for _ in range(scenario.satellites)
        ),
        station_outages=tuple(
            _recurring(
                scenario,
                rng,
                scenario.station_out_every_days,
                (scenario.station_out_h[0] * HOUR_S, scenario.station_out_h[1] * HOUR_S),
            )
            for _ in range(scenario.stations)
        ),
        ground_outage=_ground_outage(scenario),
    )


def _deaths(scenario: Scenario, rng: np.random.Generator) -> dict[int, float]:
    dead = rng.choice(
        scenario.satellites, round(scenario.satellites * scenario.dead_share), replace=False
    )
    first_s = scenario.settled_days * DAY_S
    last_s = max(first_s, scenario.end_s - scenario.judged_days * DAY_S)
    return {int(number): float(rng.uniform(first_s, last_s)) for number in np.sort(dead)}


def _recurring(
    scenario: Scenario, rng: np.random.Generator, every_days: float, lasts_s: Gap
) -> tuple[Gap, ...]:
    return tuple(_recurrences(scenario, rng, every_days, lasts_s)) if every_days else ()


def _recurrences(
    scenario: Scenario, rng: np.random.Generator, every_days: float, lasts_s: Gap
) -> Iterator[Gap]:
    """At random: the time from one to the next is distributed exponentially."""
    begins_s = rng.exponential(every_days * DAY_S)
    while begins_s < scenario.end_s:
        ends_s = begins_s + rng.uniform(*lasts_s)
        yield begins_s, ends_s
        begins_s = ends_s + rng.exponential(every_days * DAY_S)


def _ground_outage(scenario: Scenario) -> Gap | None:
    if not scenario.ground_out_h:
        return None
    middle_s = scenario.end_s / 2
    return middle_s, middle_s + scenario.ground_out_h * HOUR_S
