"""Whether a satellite is to be spared: what its telemetry says against its limits.

Work moves away before the satellite dies of it. A limit that was passed is left with some margin,
or a value that wavers about it would move work to and fro.
"""

from perigee_api.satellite_node import SatelliteNodeStatus
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import SatelliteView

SPARED = "Spared"
MARGIN = 5.0
"""Percent or degrees beyond a limit that was passed, until the satellite counts as well."""


def is_spared(status: SatelliteNodeStatus) -> bool:
    """Whether it is recorded that a satellite is to be spared."""
    return any(c.type == SPARED and c.status == "True" for c in status.conditions)


def spared(view: SatelliteView) -> Verdict | None:
    """The condition Spared; None where no limits are set.

    A value that is not reported changes nothing. The message names the limit, not the value: that
    would be another with every heartbeat.
    """
    limits = view.spec.limits if view.spec else None
    if limits is None or (limits.min_battery is None and limits.max_temperature is None):
        return None
    before = next((c for c in view.status.conditions if c.type == SPARED), None)
    reason = before.reason if before and before.status == "True" else ""
    telemetry = (
        view.heartbeat.report.telemetry if view.heartbeat and view.heartbeat.report else None
    )
    battery = telemetry.battery_percent if telemetry else None
    temperature = telemetry.temperature_c if telemetry else None
    if limits.min_battery is not None and _is_beyond(
        limits.min_battery, battery, was="BatteryLow" in reason, sign=1
    ):
        message = f"The battery is below {limits.min_battery:g} %: work moves away until it has "
        return Verdict(
            holds=True, reason="BatteryLow", message=f"{message}{limits.min_battery + MARGIN:g} %."
        )
    if limits.max_temperature is not None and _is_beyond(
        limits.max_temperature, temperature, was="TooHot" in reason, sign=-1
    ):
        message = f"It is hotter than {limits.max_temperature:g} °C: work moves away until it has "
        return Verdict(
            holds=True, reason="TooHot", message=f"{message}{limits.max_temperature - MARGIN:g} °C."
        )
    return Verdict(holds=False, reason="WithinLimits")


def _is_beyond(limit: float, value: float | None, *, was: bool, sign: int) -> bool:
    """Whether a value is on the wrong side of its limit: below for 1, above for -1."""
    if value is None:
        return was
    return sign * value < sign * limit + (MARGIN if was else 0)
