"""A fleet whose telemetry swings and is noisy: which of it are advised maintenance, and when.

A thousand satellites for 30 days, on orbits that are hard on the rule: they are heard in two parts
of their orbit only, and which parts of day and night that is moves on day by day, as it does on
orbits that do not keep to the Sun. What is measured swings with each orbit, wavers with a load that
lasts for days, and is read with an error. Many of them are well within a degree or a percent of
their limits, where a chance trend is an alarm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from math import cos, tau
from random import Random
from typing import Any, Final

import pytest

from paper_fleet.intents import satellite_spec
from paper_fleet.views import at, satellite_view
from perigee_api.heartbeat import Telemetry
from perigee_api.satellite_node import SatelliteNodeStatus, TelemetryDays
from perigee_operator.domain.condition import Verdict, renewed
from perigee_operator.domain.trends.day import Day, with_day
from perigee_operator.domain.trends.maintenance import MAINTENANCE_ADVISED, maintenance_advised

SATELLITES: Final = 1000
DAYS: Final = 30
PASSES: Final = 6
READINGS: Final = 3
"""Of each pass: its beginning, its middle, its end."""
YEAR_OF_PHASES: Final = 60
"""Days until a satellite is heard in the same parts of day and night again."""
MIN_BATTERY: Final = 30
MAX_TEMPERATURE: Final = 80
LIMITS: Final = {"minBattery": MIN_BATTERY, "maxTemperature": MAX_TEMPERATURE}
MOST_FALSE_PERCENT: Final = 1
MOST_ALIASED_PERCENT: Final = 5
LEAST_DAYS_OF_WEAR: Final = 12
LEAST_AHEAD: Final = 2
"""Days."""
WEARS_FROM: Final = 10
"""Day from which on a satellite fades or heats up, where it does."""


@dataclass
class Worn:
    """A satellite: what it measures, and how that changes."""

    chance: Random
    fading: float = 0.0
    """Percent of charge a day."""
    heating: float = 0.0
    """Degrees a day."""
    tells_extremes: bool = True
    """Its agent tells the extremes of whole orbits."""

    def __post_init__(self) -> None:
        chance = self.chance
        healthy = self.fading == self.heating == 0
        self._lowest = chance.uniform(MIN_BATTERY + (1 if healthy else 15), 85)
        self._highest = chance.uniform(20, MAX_TEMPERATURE - (1 if healthy else 15))
        self._swing = chance.uniform(3, 15), chance.uniform(3, 20)
        self._heard_at = chance.random()
        self._restarts = chance.uniform(0, 0.5) if healthy else 0
        self._load = 0.0

    def days_of_wear(self) -> float:
        """From when it begins to wear until an extreme of the day is at its limit."""
        if self.fading:
            return (self._lowest - MIN_BATTERY) / self.fading
        return (MAX_TEMPERATURE - self._highest) / self.heating

    def day(self, day: int) -> Day:
        """What is heard of it in a day."""
        chance = self.chance
        self._load = 0.5 * self._load + chance.gauss(0, 1.5)
        found = Day(day)
        for number in range(PASSES):
            part = self._heard_at + day / YEAR_OF_PHASES + 0.5 * (number % 2)
            for reading in range(READINGS):
                lit = (1 - cos(tau * (part + chance.gauss(0, 0.03) + 0.05 * reading))) / 2
                telemetry = Telemetry(
                    battery_percent=self._battery(day, lit),
                    temperature_c=self._c(day, lit),
                    lowest_battery_percent=self._battery(day, 0) if self.tells_extremes else None,
                    highest_temperature_c=self._c(day, 1) if self.tells_extremes else None,
                )
                restarted = chance.random() < self._restarts / PASSES / READINGS
                found = found.heard(4 * number, telemetry, restarted=restarted)
        return found

    def _battery(self, day: int, charged: float) -> float:
        faded = self.fading * max(0, day - WEARS_FROM)
        found = self._lowest - faded + self._swing[0] * charged - self._load
        return min(100.0, max(0.0, found + self.chance.gauss(0, 1)))

    def _c(self, day: int, lit: float) -> float:
        hotter = self.heating * max(0, day - WEARS_FROM)
        return self._highest + hotter - self._swing[1] * (1 - lit) + self.chance.gauss(0, 1)


def verdicts(satellite: Worn, days: int = DAYS, *, forgetting: bool = False) -> Iterator[Verdict]:
    """What is found of it, day by day, each written down before the next.

    Args:
        satellite: whose telemetry it is.
        days: how many.
        forgetting: the operator restarts each day, and knows no more than is written down.
    """
    view = satellite_view(spec=satellite_spec(limits=LIMITS))
    known: TelemetryDays | None = None
    for number in range(days):
        now = at(0) + timedelta(days=number + 1)
        known = with_day(known, satellite.day(number), now)
        view = replace(view, telemetry_days=known)
        verdict = maintenance_advised(view)
        assert verdict is not None
        conditions = renewed(view.status.conditions, {MAINTENANCE_ADVISED: verdict}, now, 1)
        status = {"conditions": conditions, "telemetry_days": known}
        view = replace(view, status=view.status.model_copy(update=status))
        assert maintenance_advised(view) == verdict, "what is written down stands"
        if forgetting:
            written = view.status.model_dump_json(by_alias=True, exclude_none=True)
            view = replace(view, status=SatelliteNodeStatus.model_validate_json(written))
            known = view.status.telemetry_days
        yield verdict


def advised_on(satellite: Worn, days: int = DAYS) -> tuple[int, str] | None:
    """The first day on which maintenance is advised, and why."""
    found = enumerate(verdicts(satellite, days))
    return next(((day, each.reason) for day, each in found if each.holds), None)


def share_advised(*, tells_extremes: bool) -> float:
    """Of satellites that are well, in percent."""
    fleet = [Worn(Random(n), tells_extremes=tells_extremes) for n in range(SATELLITES)]  # noqa: S311 - a seed
    return 100 * sum(advised_on(each) is not None for each in fleet) / SATELLITES


def test_what_is_noisy_and_flat_gives_hardly_an_alarm() -> None:
    assert share_advised(tells_extremes=True) <= MOST_FALSE_PERCENT


def test_without_the_extremes_of_orbits_there_are_more_false_alarms() -> None:
    """Which is why agents tell them: passes show another part of the orbit each day."""
    assert MOST_FALSE_PERCENT < share_advised(tells_extremes=False) <= MOST_ALIASED_PERCENT


@pytest.mark.parametrize(
    ("wear", "reason"),
    [
        ({"fading": 0.5}, "BatteryFading"),
        ({"fading": 1}, "BatteryFading"),
        ({"fading": 2}, "BatteryFading"),
        ({"fading": 3}, "BatteryFading"),
        ({"heating": 0.5}, "TemperatureRising"),
        ({"heating": 2}, "TemperatureRising"),
    ],
)
def test_wear_is_found_days_before_the_limit(wear: dict[str, Any], reason: str) -> None:
    """If it takes twelve days at least to get there."""
    lasting = [Worn(Random(number), **wear) for number in range(100)]  # noqa: S311 - a seed
    lasting = [each for each in lasting if each.days_of_wear() >= LEAST_DAYS_OF_WEAR]
    assert len(lasting) > 30
    for satellite in lasting:
        reaches_limit_on = WEARS_FROM + satellite.days_of_wear()
        found = advised_on(satellite, round(reaches_limit_on))
        assert found is not None
        assert found[1] == reason
        assert WEARS_FROM < found[0] <= reaches_limit_on - LEAST_AHEAD


def test_an_operator_that_restarts_comes_to_the_same_verdict() -> None:
    """All that it needs is in the status: the days, and the verdict that stands."""
    for number in range(20):
        twice = [
            list(verdicts(Worn(Random(number), fading=2), forgetting=forgetting))  # noqa: S311 - a seed
            for forgetting in (False, True)
        ]
        assert twice[0] == twice[1]
        assert any(verdict.holds for verdict in twice[0])
