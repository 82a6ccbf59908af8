from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import satellite_spec
from paper_fleet.views import at, satellite_view
from perigee_api.base import Condition
from perigee_api.satellite_node import SatelliteNodeStatus, TelemetryDays
from perigee_api.telemetry_days import MAX_DAYS
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.satellite_status import WARNINGS
from perigee_operator.domain.trends.maintenance import (
    LEAST_DAYS,
    MAINTENANCE_ADVISED,
    maintenance_advised,
)

LIMITS = {"minBattery": 30, "maxTemperature": 80}
FADING = list(range(62, 47, -1))
"""From 62 % to 48 %, one a day."""


def view_of(
    battery: Sequence[int | None] = (),
    temperature: Sequence[int | None] = (),
    restarts: Sequence[int | None] | None = None,
    *,
    held: str = "",
    **spec: Any,
) -> SatelliteView:
    """A satellite with such days, of which nothing is written down but what was found before."""
    count = max(len(battery), len(temperature))
    days = TelemetryDays(
        until=at(0),
        lowest_battery=list(battery),
        highest_temperature=list(temperature),
        restarts=[0] * count if restarts is None else list(restarts),
    )
    conditions = [condition("True", held)] if held else []
    status = SatelliteNodeStatus(conditions=conditions)
    wanted = satellite_spec(**{"limits": LIMITS, **spec})
    return satellite_view(spec=wanted, status=status, telemetry_days=days)


def condition(status: str, reason: str, message: str = "") -> Condition:
    return Condition(
        type=MAINTENANCE_ADVISED,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=at(0),
        observed_generation=1,
    )


def found(*figures: Any, **more: Any) -> Verdict:
    verdict = maintenance_advised(view_of(*figures, **more))
    assert verdict is not None
    return verdict


def test_the_message_has_the_evidence() -> None:
    assert found([44, 43, 42, 41, 40, None, 38, 37, 36, 35, 34]) == Verdict(
        holds=True,
        reason="BatteryFading",
        message="The lowest battery of a day fell from 44 to 34 % in 10 days (1.0 a day, 10 days "
        "heard): going on so, it reaches the limit of 30 %, about 2026-03-05.",
    )


@pytest.mark.parametrize(
    ("battery", "reason"),
    [
        (FADING, "NoTrend"),
        (range(58, 42, -1), "BatteryFading"),
        # Flat, near the limit or beyond it.
        ([31] * 20, "NoTrend"),
        ([20] * 20, "NoTrend"),
        # It gets better.
        (range(31, 59), "NoTrend"),
        # A fall, once.
        ([80] * 10 + [35] * 4, "NoTrend"),
        # A slow one needs all the days that are known.
        ([42 - day // 3 - day % 2 for day in range(28)], "BatteryFading"),
        ([35 - day // 3 - day % 2 for day in range(12)], "NoTrend"),
        # With days of which nothing was heard.
        ([60, 58, None, 54, 52, None, 48, 46, 44, 42, None, 38], "BatteryFading"),
        # With a day that is off by anything.
        ([60, 58, 56, 54, 99, 50, 48, 46, 44, 42, 40, 38, 36, 34], "BatteryFading"),
        (range(40, 40 - LEAST_DAYS, -1), "BatteryFading"),
        (range(40, 41 - LEAST_DAYS, -1), "TooFewDays"),
    ],
)
def test_batteries(battery: Sequence[int | None], reason: str) -> None:
    assert found(list(battery)).reason == reason


@pytest.mark.parametrize(
    ("temperature", "reason"),
    [
        (range(60, 75), "TemperatureRising"),
        (range(20, 35), "NoTrend"),
        (range(75, 60, -1), "NoTrend"),
        ([79] * 15, "NoTrend"),
    ],
)
def test_temperatures(temperature: Sequence[int], reason: str) -> None:
    assert found((), list(temperature)).reason == reason


def test_what_is_beyond_its_limit_and_goes_on_is_told() -> None:
    verdict = found(list(range(40, 25, -1)))
    assert verdict.holds
    assert verdict.message.endswith("going on so, it is beyond the limit of 30 %.")


def test_without_a_limit_there_is_one_all_the_same() -> None:
    verdict = found(list(range(44, 30, -1)), limits={})
    assert verdict.holds
    assert "the limit of 20 % (spec.limits.minBattery is not set)" in verdict.message
    hot = found((), list(range(66, 80)), limits={})
    assert "the limit of 85 °C (spec.limits.maxTemperature is not set)" in hot.message


def test_the_soonest_gives_the_reason_and_all_are_told() -> None:
    slow, quick = list(range(58, 43, -1)), list(range(50, 80, 2))
    verdict = found(slow, quick)
    assert verdict.reason == "TemperatureRising"
    assert verdict.message.index("temperature") < verdict.message.index("battery")
    restarting = found(slow, restarts=[0] * 14 + [9])
    assert restarting.reason == "RestartsRising"
    assert "battery" in restarting.message


def test_a_satellite_without_sensors_is_judged_by_its_restarts() -> None:
    assert found(restarts=[0] * 8 + [6]).reason == "RestartsRising"
    assert found(restarts=[0] * 9).reason == "NoTrend"
    assert found(restarts=[0] * 8).reason == "TooFewDays"


def test_what_was_found_is_not_given_up_at_the_edge() -> None:
    edge = FADING
    assert not found(edge).holds
    assert found(edge, held="BatteryFading").holds
    assert not found(edge, held="TemperatureRising").holds
    assert not found([50] * 15, held="BatteryFading").holds


def test_nothing_is_said_before_a_day_is_complete_or_where_the_spec_makes_no_sense() -> None:
    view = view_of(FADING)
    assert maintenance_advised(replace(view, telemetry_days=None)) is None
    assert maintenance_advised(replace(view, spec=None)) is None


@pytest.mark.parametrize("status", ["True", "False", "Unknown"])
def test_a_verdict_stands_until_a_day_more_is_complete_or_the_spec_has_changed(
    status: str,
) -> None:
    view = view_of(list(range(58, 42, -1)))
    recorded = condition(status, "Recorded", "as it was")
    written = SatelliteNodeStatus(conditions=[recorded], telemetry_days=view.telemetry_days)
    view = replace(view, status=written)
    verdict = maintenance_advised(view)
    assert verdict is not None
    assert (verdict.status, verdict.reason, verdict.message) == (status, "Recorded", "as it was")
    changed = maintenance_advised(replace(view, generation=2))
    assert changed is not None
    assert changed.reason == "BatteryFading"
    assert view.telemetry_days is not None
    longer = view.telemetry_days.model_copy(update={"until": at(0) + timedelta(days=1)})
    later = maintenance_advised(replace(view, telemetry_days=longer))
    assert later is not None
    assert later.reason == "BatteryFading"


figures = st.lists(st.none() | st.integers(-100, 200), max_size=MAX_DAYS)


@given(figures, figures, st.lists(st.none() | st.integers(0, 99), max_size=MAX_DAYS), st.booleans())
def test_whatever_is_recorded_there_is_a_verdict(
    battery: list[int | None],
    temperature: list[int | None],
    restarts: list[int | None],
    held: bool,  # noqa: FBT001 - given
) -> None:
    verdict = found(battery, temperature, restarts, held="BatteryFading" if held else "")
    assert verdict.reason in {
        "BatteryFading",
        "TemperatureRising",
        "RestartsRising",
        "NoTrend",
        "TooFewDays",
    }
    assert bool(verdict.holds) == bool(verdict.reason.endswith(("Fading", "Rising")))


def test_it_is_announced() -> None:
    assert WARNINGS[MAINTENANCE_ADVISED, "True"] == "MaintenanceAdvised"
