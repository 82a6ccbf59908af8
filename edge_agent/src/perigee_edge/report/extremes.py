"""The extremes of an orbit: what the ground cannot see, for it hears of a part of it alone.

Charge and temperature swing with every eclipse, and passes show always the same parts of an orbit,
or parts that move on from day to day. The agent measures in the dark, too.
"""

from dataclasses import dataclass
from typing import Final

from perigee_api.heartbeat import Telemetry

SPAN_S: Final = 6000.0
"""An orbit up to 800 km high takes less. What is told is of the last one to two spans."""


@dataclass(frozen=True, slots=True)
class Span:
    """What was measured in one span of time."""

    lowest_battery_percent: float | None = None
    highest_temperature_c: float | None = None

    def joined(self, other: "Span | Telemetry") -> "Span":
        """Both together."""
        if isinstance(other, Telemetry):
            other = Span(other.battery_percent, other.temperature_c)
        batteries = (self.lowest_battery_percent, other.lowest_battery_percent)
        temperatures = (self.highest_temperature_c, other.highest_temperature_c)
        return Span(
            min((each for each in batteries if each is not None), default=None),
            max((each for each in temperatures if each is not None), default=None),
        )


@dataclass(frozen=True, slots=True)
class Extremes:
    """Of the span under way, and of the one before."""

    begun_s: float
    """When the span under way began, on a clock that only ever grows."""
    current: Span = Span()
    before: Span = Span()

    def measured(self, telemetry: Telemetry, now_s: float) -> "Extremes":
        """The extremes after one more measurement."""
        spans = int((now_s - self.begun_s) // SPAN_S)
        if spans == 0:
            return Extremes(self.begun_s, self.current.joined(telemetry), self.before)
        before = self.current if spans == 1 else Span()
        return Extremes(self.begun_s + spans * SPAN_S, Span().joined(telemetry), before)

    def told(self, telemetry: Telemetry) -> Telemetry:
        """Telemetry with the extremes."""
        both = self.before.joined(self.current)
        return telemetry.model_copy(
            update={
                "lowest_battery_percent": both.lowest_battery_percent,
                "highest_temperature_c": both.highest_temperature_c,
            }
        )
