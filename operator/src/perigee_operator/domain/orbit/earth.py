"""Where things are on the turning earth: km, in an earth-fixed frame, unless said otherwise.

UTC stands for UT1, and the pole stays where it is. UT1 is less than 0.9 s from UTC, so a place may
be off by 420 m on the ground, and a pole that wanders adds 15 m: 0.06 s for a satellite in low
orbit, and 0.005 degrees of elevation where it is 5,000 km away.
"""

from typing import Final

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats

EQUATOR_KM: Final = 6378.137
FLATTENING: Final = 1 / 298.257223563
"""The ellipsoid of WGS 84."""

TURN_RAD_S: Final = 7.292115146706979e-5
"""Of the earth, in inertial space; Vallado et al., AIAA 2006-6753, appendix C."""

J2000_S: Final = 946_728_000.0
"""2000-01-01T12:00:00Z, in seconds since 1970."""
CENTURY_S: Final = 36_525 * 86_400.0


def sidereal_angle(t_s: Floats) -> Floats:
    """Greenwich mean sidereal time of 1982, in radians.

    It is what turns TEME, the frame of SGP4, into the earth-fixed frame. Source: Vallado, Crawford,
    Hujsak, Kelso, Revisiting Spacetrack Report #3, AIAA 2006-6753, appendix C.

    Args:
        t_s: seconds since 1970, UTC.
    """
    centuries = (t_s - J2000_S) / CENTURY_S
    seconds = 67310.54841 + centuries * (
        876_600 * 3600 + 8_640_184.812866 + centuries * (0.093104 - centuries * 6.2e-6)
    )
    return np.asarray(np.remainder(seconds, 86_400.0) * (2 * np.pi / 86_400.0))


def earth_fixed(t_s: Floats, r: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Positions (km) and velocities (km/s), from TEME; (..., times, 3) at times (times)."""
    angle = sidereal_angle(t_s)
    cos, sin = np.cos(angle), np.sin(angle)
    place = np.empty_like(r)
    place[..., 0] = cos * r[..., 0] + sin * r[..., 1]
    place[..., 1] = cos * r[..., 1] - sin * r[..., 0]
    place[..., 2] = r[..., 2]
    speed = np.empty_like(v)
    speed[..., 0] = cos * v[..., 0] + sin * v[..., 1] + TURN_RAD_S * place[..., 1]
    speed[..., 1] = cos * v[..., 1] - sin * v[..., 0] - TURN_RAD_S * place[..., 0]
    speed[..., 2] = v[..., 2]
    return place, speed


def site(latitude_deg: float, longitude_deg: float, height_m: float) -> Floats:
    """The place of a station on WGS 84."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    squared = FLATTENING * (2 - FLATTENING)
    normal = EQUATOR_KM / np.sqrt(1 - squared * np.sin(latitude) ** 2)
    height = height_m / 1000
    across = (normal + height) * np.cos(latitude)
    return np.array(
        [
            across * np.cos(longitude),
            across * np.sin(longitude),
            (normal * (1 - squared) + height) * np.sin(latitude),
        ]
    )


def directions(latitude_deg: float, longitude_deg: float) -> Floats:
    """East, north and up at a place: unit vectors as rows."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    sin_lat, cos_lat = np.sin(latitude), np.cos(latitude)
    sin_lon, cos_lon = np.sin(longitude), np.cos(longitude)
    return np.array(
        [
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )
