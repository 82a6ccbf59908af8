"""How wrong rise and set may be: guard bands that widen with the age of the elements."""

import math
from datetime import datetime
from typing import Final

from perigee_operator.domain.orbit.elements import Elements

ERROR_AT_EPOCH_KM: Final = 1.0
ERROR_GROWTH_KM_DAY: Final = 3.0
"""Element sets of low orbits are about 1 km off at their epoch, and from there 1 to 3 km more each
day, nearly all of it along the track. Source: Vallado, Cefola, Two-line element sets: practice and
use, IAC-12-A6.6.11. Near decay, and in magnetic storms, it is more: of that this knows nothing."""

EARTH_KM3_S2: Final = 398_600.8
"""Gravitational parameter of WGS 72."""

GUARD_LIMIT_S: Final = 60.0
"""No band is wider: elements so old that it would be are stale long since, and a pass is not to
vanish in its own guard bands."""


def guard_s(elements: Elements, at: datetime) -> float:
    """How wrong AOS and LOS at a moment may be, each, in seconds, to a tenth.

    A satellite that is e km ahead of or behind its computed place comes e / v seconds early or
    late, where v is the mean speed of its orbit, (GM n)^(1/3), with n in rad/s.
    """
    age_days = abs((at - elements.epoch).total_seconds()) / 86_400
    error_km = ERROR_AT_EPOCH_KM + ERROR_GROWTH_KM_DAY * age_days
    motion_rad_s = elements.mean_motion * 2 * math.pi / 86_400
    speed_km_s = math.cbrt(EARTH_KM3_S2 * motion_rad_s)
    return round(min(GUARD_LIMIT_S, error_km / speed_km_s), 1)
