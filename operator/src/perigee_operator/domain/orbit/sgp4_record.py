"""SGP4 as the package sgp4 has it: its records, and its errors in words."""

import math
from datetime import UTC, datetime
from typing import Final

from sgp4.api import WGS72, Satrec

from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.track import NONSENSE

LAST_NUMBER: Final = 339_999
"""The last catalogue number in Alpha-5; the package raises ValueError for those beyond."""
PLACEHOLDER: Final = 0

DAY_S: Final = 86_400.0
_DAY_ZERO: Final = datetime(1949, 12, 31, tzinfo=UTC)
"""What SGP4 counts the days of its epochs from."""

DECAYED: Final = 6

ERRORS: Final = {
    NONSENSE: ("Unpropagable", "it gives places where nothing orbits the earth"),
    1: ("Unpropagable", "the mean eccentricity leaves the range from 0 to 1"),
    2: ("Unpropagable", "the mean motion falls below zero"),
    3: ("Unpropagable", "the perturbed eccentricity leaves the range from 0 to 1"),
    4: ("Unpropagable", "the semi-latus rectum falls below zero"),
    5: ("Unpropagable", "the orbit runs through the earth"),
    DECAYED: ("Decayed", "the satellite has decayed"),
}
"""Source: the error codes of SGP4, Vallado et al., AIAA 2006-6753."""


def record(elements: Elements) -> Satrec:
    """SGP4's own form of the elements. Its attribute `error` is not 0 if SGP4 refuses them.

    Constants are those of WGS 72, which element sets are fitted with.
    """
    found = Satrec()
    found.sgp4init(
        WGS72,
        "i",
        elements.number if elements.number <= LAST_NUMBER else PLACEHOLDER,
        (elements.epoch - _DAY_ZERO).total_seconds() / DAY_S,
        elements.bstar,
        0.0,  # SGP4 does not use the derivatives of the mean motion
        0.0,
        elements.eccentricity,
        math.radians(elements.perigee_deg),
        math.radians(elements.inclination_deg),
        math.radians(elements.anomaly_deg),
        elements.mean_motion * 2 * math.pi / 1440,
        math.radians(elements.node_deg),
    )
    return found


def refusal(code: int, at: datetime) -> Verdict:
    """An error of SGP4 as a verdict for OrbitValid."""
    reason, what = ERRORS.get(code, ("Unpropagable", f"SGP4 fails with error {code}"))
    message = f"The elements cannot be propagated beyond {at:%Y-%m-%d %H:%M} UTC: {what}."
    return Verdict(holds=False, reason=reason, message=message)
