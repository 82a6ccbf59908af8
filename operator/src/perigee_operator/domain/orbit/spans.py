"""A pass as a span of time, and how spans are cut."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pass:
    """A time in which a satellite is in sight of a station."""

    satellite: int
    """Index of the satellite."""
    station: int
    """Index of the station."""
    start_s: float
    """Seconds since 1970, UTC."""
    end_s: float
    max_elevation_deg: float = math.nan

    def cut(self, since_s: float, until_s: float) -> "Pass | None":
        """What of it lies within a span of time; None where nothing does."""
        start_s, end_s = max(self.start_s, since_s), min(self.end_s, until_s)
        if start_s >= end_s:
            return None
        return Pass(self.satellite, self.station, start_s, end_s, self.max_elevation_deg)
