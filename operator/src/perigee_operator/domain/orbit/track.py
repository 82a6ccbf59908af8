"""Where satellites are: propagated by SGP4 on a grid of times, and in between by interpolation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sgp4.api import Satrec, SatrecArray

from perigee_operator.domain.orbit.arrays import Floats, Indices, Truths
from perigee_operator.domain.orbit.earth import earth_fixed

STEP_S: Final = 60.0
"""Between two times of the grid, which lie on whole minutes: so the same is found whatever span of
time is asked for."""

UNIX_JULIAN: Final = 2_440_587.5
"""Julian date of 1970-01-01."""
DAY_S: Final = 86_400.0

FARTHEST_KM: Final = 2e6
FASTEST_KM_S: Final = 50.0
"""Nothing orbits the earth farther out, or faster: what SGP4 gives then is nonsense."""
NONSENSE: Final = -1
"""The error code of such positions; those of SGP4 are positive."""
NOWHERE: Final = 1e9
"""km; stands for positions that are not known."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """Earth-fixed states of several satellites on one grid of times."""

    times_s: Floats
    """Since 1970, UTC; (times)."""
    places: Floats
    """km; (satellites, times, 3)."""
    velocities: Floats
    """km/s; (satellites, times, 3)."""
    errors: Indices
    """SGP4's error codes or `NONSENSE`, 0 where there is a position; (satellites, times)."""

    @property
    def known(self) -> Truths:
        """Where a position is known; (satellites, times)."""
        return np.asarray(self.errors == 0)


def tracks(records: Sequence[Satrec], since_s: float, until_s: float) -> Tracks:
    """Propagates satellites over a span of time, and less than two steps beyond each end."""
    first, last = int(since_s // STEP_S) - 1, int(-(-until_s // STEP_S)) + 1
    times_s = np.arange(first, last + 1, dtype=np.float64) * STEP_S
    days = np.floor(times_s / DAY_S)
    errors, places, velocities = SatrecArray(list(records)).sgp4(
        days + UNIX_JULIAN, times_s / DAY_S - days
    )
    errors = errors.astype(np.intp)
    near = (np.abs(places) < FARTHEST_KM).all(axis=-1)
    slow = (np.abs(velocities) < FASTEST_KM_S).all(axis=-1)
    errors[(errors == 0) & ~(near & slow)] = NONSENSE
    places[errors != 0] = NOWHERE
    velocities[errors != 0] = 0.0
    return Tracks(times_s, *earth_fixed(times_s, places, velocities), errors)


@dataclass(frozen=True, slots=True)
class Arcs:
    """Pieces of tracks between two neighbouring times of the grid, one a row.

    Cubic Hermite interpolation. Its error is at most h^4/384 times the fourth derivative: with
    h = 60 s under 2 m for anything in orbit, that is 0.2 ms.
    """

    start_s: Floats
    """(rows)."""
    coefficients: Floats
    """Of 1, u, u^2, u^3, where u runs from 0 to 1 along the arc; (4, rows, 3)."""

    def at(self, u: Floats) -> tuple[Floats, Floats]:
        """Places (km) and velocities (km/s) at u of each arc; (rows, 3) each."""
        a, b, c, d = self.coefficients
        x = u[:, np.newaxis]
        return a + x * (b + x * (c + x * d)), (b + x * (2 * c + x * 3 * d)) / STEP_S

    def take(self, rows: Indices | Truths) -> "Arcs":
        """Some of the arcs, or some of them several times."""
        return Arcs(self.start_s[rows], self.coefficients[:, rows])


def arcs(found: Tracks, satellites: Indices, steps: Indices) -> Arcs:
    """The arcs of satellites that begin at these steps of the grid."""
    r0, r1 = found.places[satellites, steps], found.places[satellites, steps + 1]
    v0 = found.velocities[satellites, steps] * STEP_S
    v1 = found.velocities[satellites, steps + 1] * STEP_S
    coefficients = np.stack([r0, v0, 3 * (r1 - r0) - 2 * v0 - v1, 2 * (r0 - r1) + v0 + v1])
    return Arcs(found.times_s[steps], coefficients)
