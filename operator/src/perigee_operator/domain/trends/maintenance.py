"""Whether a satellite wants maintenance before it fails: a condition with the evidence.

A trend of the battery or of the temperature counts if chance alone would hardly have made it, and
if, going on so, it reaches its limit before long. So a flat series that is noisy gives no alarm,
and neither does a slow swing of the seasons far from the limit. It is looked for in the last days
alone, where a quick one shows, and in all that are known, where a slow one does. The figures below
are those with which `tests/simulation/test_trends.py` finds few false alarms and no late ones.

Nothing is moved by it: for that there are the limits themselves (`domain.vitals`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from perigee_api.base import Condition
from perigee_api.hardware import VitalLimits
from perigee_api.telemetry_days import MAX_DAYS, TelemetryDays
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.trends.restarts import more_restarts
from perigee_operator.domain.trends.slope import Line, Point, chance_of_rise, theil_sen

MAINTENANCE_ADVISED: Final = "MaintenanceAdvised"

SPANS: Final = (12, MAX_DAYS)
"""Days in which a trend is looked for."""
LEAST_DAYS: Final = 9
"""Days with a figure from which a trend is told: fewer come in order by chance too often."""
CHANCE: Final = 1 / 50_000
"""A trend that chance makes more often is none. Loads that last for days make chance more likely
than it is reckoned here, and each satellite is judged every day."""
RESTARTS_CHANCE: Final = 1 / 3000
"""The same of restarts, which come one by one."""
HELD_CHANCE: Final = 1 / 30
"""A trend that was found is given up only beyond this, and twice as far from the limit: one on the
edge would come and go."""
AHEAD: Final = timedelta(days=14)
"""A limit that would be reached later than this is no matter of today: a trend goes on for as long
as it has been seen, hardly for longer."""

MIN_BATTERY: Final = 20.0
"""Percent; where ``spec.limits.minBattery`` is not set. Deep discharge is what wears batteries."""
MAX_TEMPERATURE: Final = 85.0
"""Degrees Celsius; where ``spec.limits.maxTemperature`` is not set: what parts of the industrial
grade are made for."""


@dataclass(frozen=True, slots=True)
class _Series:
    """Figures that have a limit, and how to speak of them."""

    reason: str
    name: str
    unit: str
    verb: str
    figures: Sequence[int | None]
    limit: float
    field: str
    """Of `spec`, which may set the limit."""
    is_default: bool
    sign: int
    """1 where the limit lies above, -1 where it lies below."""


@dataclass(frozen=True, slots=True)
class _Finding:
    reason: str
    message: str
    reached: datetime


def maintenance_advised(view: SatelliteView) -> Verdict | None:
    """The condition MaintenanceAdvised; None where no day of telemetry is complete yet.

    A verdict stands as it is recorded until a day more is complete, or the spec has changed.
    """
    days = view.telemetry_days
    if view.spec is None or days is None:
        return None
    before = next((c for c in view.status.conditions if c.type == MAINTENANCE_ADVISED), None)
    if before and before.observed_generation == view.generation and _is_recorded(view):
        return _recorded(before)
    held = before.reason if before and before.status == "True" else ""
    found = sorted(_findings(days, view.spec.limits, held), key=attrgetter("reached"))
    if found:
        message = " ".join(finding.message for finding in found)
        return Verdict(holds=True, reason=found[0].reason, message=message)
    if len(_points(days.restarts)) < LEAST_DAYS:
        message = f"Trends are told from {LEAST_DAYS} days on."
        return Verdict(holds=None, reason="TooFewDays", message=message)
    return Verdict(holds=False, reason="NoTrend")


def _is_recorded(view: SatelliteView) -> bool:
    recorded = view.status.telemetry_days
    return view.telemetry_days is recorded or view.telemetry_days == recorded


def _recorded(condition: Condition) -> Verdict:
    holds = {"True": True, "False": False}.get(condition.status)
    return Verdict(holds=holds, reason=condition.reason, message=condition.message)


def _findings(days: TelemetryDays, limits: VitalLimits, held: str) -> Iterable[_Finding]:
    for series in _series(days, limits):
        was = series.reason == held
        trends = (_trend(series, span, days.until, was=was) for span in SPANS)
        soonest = min(filter(None, trends), key=attrgetter("reached"), default=None)
        if soonest is not None:
            yield soonest
    message = more_restarts(days.restarts, RESTARTS_CHANCE, was=held == "RestartsRising")
    if message is not None:
        yield _Finding("RestartsRising", message, days.until)


def _series(days: TelemetryDays, limits: VitalLimits) -> tuple[_Series, ...]:
    low, high = limits.min_battery, limits.max_temperature
    return (
        _Series(
            reason="BatteryFading",
            name="lowest battery",
            unit="%",
            verb="fell",
            figures=days.lowest_battery,
            limit=MIN_BATTERY if low is None else low,
            field="limits.minBattery",
            is_default=low is None,
            sign=-1,
        ),
        _Series(
            reason="TemperatureRising",
            name="highest temperature",
            unit="°C",
            verb="rose",
            figures=days.highest_temperature,
            limit=MAX_TEMPERATURE if high is None else high,
            field="limits.maxTemperature",
            is_default=high is None,
            sign=1,
        ),
    )


def _trend(series: _Series, span: int, until: datetime, *, was: bool) -> _Finding | None:
    """The trend of so many days, if it counts."""
    figures = series.figures[-span:]
    points = [(day, series.sign * figure) for day, figure in _points(figures)]
    if len(points) < LEAST_DAYS:
        return None
    line = theil_sen(points)
    if line.slope <= 0 or chance_of_rise(points) > (HELD_CHANCE if was else CHANCE):
        return None
    silent_days = len(figures) - 1 - points[-1][0]
    left_days = (series.sign * series.limit - line.level) / line.slope - silent_days
    if left_days > (2 if was else 1) * AHEAD.days:
        return None
    reached = until + timedelta(days=max(0.0, left_days))
    return _Finding(series.reason, _told(series, points, line, reached, left_days), reached)


def _told(
    series: _Series, points: Sequence[Point], line: Line, reached: datetime, left_days: float
) -> str:
    days = points[-1][0] - points[0][0]
    last = series.sign * line.level
    first = last - series.sign * line.slope * days
    unset = f" (spec.{series.field} is not set)" if series.is_default else ""
    limit = f"the limit of {series.limit:g} {series.unit}{unset}"
    end = f"reaches {limit}, about {reached:%Y-%m-%d}" if left_days > 0 else f"is beyond {limit}"
    return (
        f"The {series.name} of a day {series.verb} from {first:.0f} to {last:.0f} {series.unit} in "
        f"{days} days ({line.slope:.1f} a day, {len(points)} days heard): going on so, it {end}."
    )


def _points(figures: Sequence[int | None]) -> list[Point]:
    return [(day, figure) for day, figure in enumerate(figures) if figure is not None]
