from dataclasses import replace

import pytest

from paper_fleet.intents import satellite_spec
from paper_fleet.views import at, heartbeat, satellite_view
from perigee_api.base import Condition
from perigee_api.heartbeat import Report, Telemetry
from perigee_api.satellite_node import SatelliteNodeStatus
from perigee_operator.domain.vitals import is_spared, spared

LIMITED = satellite_spec(limits={"minBattery": 20, "maxTemperature": 80})


def found(reason: str = "", **telemetry: float) -> str:
    """The reason found, after the one that is recorded; none recorded: it was well."""
    recorded = Condition(
        type="Spared",
        status="True" if reason else "False",
        reason=reason or "WithinLimits",
        last_transition_time=at(0),
    )
    report = Report(sequence=1, telemetry=Telemetry(**telemetry))
    view = satellite_view(
        spec=LIMITED,
        status=SatelliteNodeStatus(conditions=[recorded]),
        heartbeat=heartbeat(report=report),
    )
    verdict = spared(view)
    assert verdict is not None
    assert verdict.holds is (verdict.reason != "WithinLimits")
    assert is_spared(view.status) is bool(reason)
    return verdict.reason


@pytest.mark.parametrize(
    ("before", "battery", "temperature", "reason"),
    [
        ("", 20, 80, "WithinLimits"),
        ("", 19.9, 20, "BatteryLow"),
        ("", 90, 80.1, "TooHot"),
        ("", 10, 90, "BatteryLow"),
        # What passed its limit comes back with a margin.
        ("BatteryLow", 24.9, 20, "BatteryLow"),
        ("BatteryLow", 25, 20, "WithinLimits"),
        ("TooHot", 50, 75.1, "TooHot"),
        ("TooHot", 50, 75, "WithinLimits"),
        # The margin is that of the value that passed.
        ("TooHot", 22, 50, "WithinLimits"),
        ("BatteryLow", 90, 81, "TooHot"),
    ],
)
def test_limits(before: str, battery: float, temperature: float, reason: str) -> None:
    assert found(before, battery_percent=battery, temperature_c=temperature) == reason


@pytest.mark.parametrize("before", ["", "BatteryLow", "TooHot"])
def test_what_is_not_reported_changes_nothing(before: str) -> None:
    assert found(before) == (before or "WithinLimits")


def test_without_limits_nobody_is_spared() -> None:
    view = satellite_view(spec=satellite_spec())
    assert spared(view) is None
    assert spared(replace(view, spec=None)) is None


def test_the_message_names_the_limit_alone() -> None:
    report = Report(sequence=1, telemetry=Telemetry(battery_percent=3))
    verdict = spared(satellite_view(spec=LIMITED, heartbeat=heartbeat(report=report)))
    assert verdict is not None
    assert verdict.message == "The battery is below 20 %: work moves away until it has 25 %."
