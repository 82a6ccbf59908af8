"""How long a revolution takes."""

from functools import lru_cache
from typing import Final

from perigee_api.orbit import Orbit
from perigee_operator.domain.orbit.elements import of_tle
from perigee_operator.domain.orbit.tle import TleError

DAY_S: Final = 86_400
REMEMBERED: Final = 16_384
"""Element sets that need not be read anew with every heartbeat."""


def period_s(orbit: Orbit) -> int | None:
    """Whole seconds of a revolution; None where no elements say it."""
    if orbit.omm is not None:
        return _of_motion(orbit.omm.mean_motion)
    if orbit.tle is not None:
        return _of_tle(orbit.tle.line1, orbit.tle.line2)
    return None


@lru_cache(maxsize=REMEMBERED)
def _of_tle(line1: str, line2: str) -> int | None:
    try:
        return _of_motion(of_tle(line1, line2).mean_motion)
    except TleError:
        return None  # The condition OrbitValid says so.


def _of_motion(revolutions_a_day: float) -> int | None:
    return round(DAY_S / revolutions_a_day) if revolutions_a_day > 0 else None
