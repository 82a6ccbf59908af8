"""How high satellites stand over stations, and how fast they rise."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats, Indices, Truths
from perigee_operator.domain.orbit.station import Sites
from perigee_operator.domain.orbit.track import STEP_S, Arcs, Tracks, arcs

HALVINGS: Final = 20
"""Of a step of the grid: 60 us are left of 60 s."""


@dataclass(frozen=True, slots=True)
class Sky:
    """Sines of elevations on the whole grid, and their rates; (satellites, times, stations)."""

    sines: Floats
    rates: Floats
    """1/s."""


def sky(found: Tracks, grounds: Sites) -> Sky:
    """Every satellite over every station, at every time of the grid."""
    r, v = found.places, found.velocities
    squared = np.einsum("stc,stc->st", r, r)[..., np.newaxis]
    along = np.einsum("stc,stc->st", r, v)[..., np.newaxis]
    distance = np.sqrt(
        squared - 2 * (r @ grounds.places.T) + np.einsum("gc,gc->g", grounds.places, grounds.places)
    )
    height = r @ grounds.up.T - np.einsum("gc,gc->g", grounds.places, grounds.up)
    sines = height / distance
    receding = (along - v @ grounds.places.T) / distance
    return Sky(sines, (v @ grounds.up.T - sines * receding) / distance)


@dataclass(frozen=True, slots=True)
class Sights:
    """Arcs of satellites as seen from a station each, one a row."""

    arcs: Arcs
    places: Floats
    """Of the stations; (rows, 3)."""
    east: Floats
    north: Floats
    up: Floats

    def take(self, rows: Indices | Truths) -> "Sights":
        """Some of them, or some several times."""
        return Sights(
            self.arcs.take(rows),
            self.places[rows],
            self.east[rows],
            self.north[rows],
            self.up[rows],
        )

    def sines(self, u: Floats) -> Floats:
        """Sines of the elevations at u of each arc."""
        offset = self.arcs.at(u)[0] - self.places
        return _dot(offset, self.up) / np.sqrt(_dot(offset, offset))

    def climbs(self, u: Floats) -> Floats:
        """What has the sign of the rate of elevation, at u of each arc."""
        r, v = self.arcs.at(u)
        offset = r - self.places
        return _dot(v, self.up) * _dot(offset, offset) - _dot(offset, self.up) * _dot(offset, v)

    def azimuths_deg(self, u: Floats) -> Floats:
        """Directions at u of each arc, from north through east."""
        offset = self.arcs.at(u)[0] - self.places
        angle = np.arctan2(_dot(offset, self.east), _dot(offset, self.north))
        return np.asarray(np.degrees(angle) % 360)

    def times_s(self, u: Floats) -> Floats:
        """Seconds since 1970 at u of each arc."""
        return self.arcs.start_s + u * STEP_S


def sights(
    found: Tracks, grounds: Sites, satellites: Indices, stations: Indices, steps: Indices
) -> Sights:
    """The arcs of these satellites over these stations that begin at these steps of the grid."""
    return Sights(
        arcs(found, satellites, steps),
        grounds.places[stations],
        grounds.east[stations],
        grounds.north[stations],
        grounds.up[stations],
    )


def sights_at(
    found: Tracks, grounds: Sites, satellites: Indices, stations: Indices, times_s: Floats
) -> tuple[Sights, Floats]:
    """The arcs on which these times lie, and where on them."""
    parts = (times_s - found.times_s[0]) / STEP_S
    steps = np.clip(np.floor(parts).astype(np.intp), 0, len(found.times_s) - 2)
    return sights(found, grounds, satellites, stations, steps), parts - steps


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("rc,rc->r", a, b))
