"""Ground stations at places where there are some."""

from typing import Final

from perigee_api.ground_station import GroundStationSpec
from perigee_api.orbit import Place
from perigee_operator.domain.orbit.station import Station

# Latitude and longitude in degrees, and the elevation mask: in the north 5 or 7, elsewhere 10.
_PLACES: Final = (
    ("svalbard", 78.23, 15.39, 5),
    ("punta-arenas", -52.94, -70.85, 10),
    ("inuvik", 68.32, -133.55, 7),
    ("hartebeesthoek", -25.89, 27.69, 10),
    ("kiruna", 67.86, 20.96, 7),
    ("singapore", 1.35, 103.82, 10),
    ("fairbanks", 64.86, -147.85, 7),
    ("awarua", -46.53, 168.38, 10),
    ("hawaii", 19.01, -155.66, 10),
    ("troll", -72.01, 2.53, 5),
)
MOST: Final = len(_PLACES)


def stations(count: int) -> list[Station]:
    """The first so many of them.

    Raises:
        ValueError: there are not as many, or none is wanted.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"there are places for 1 to {MOST} stations, not for {count}")
    return [
        Station(
            name,
            GroundStationSpec(
                place=Place(latitude=latitude, longitude=longitude, height=0),
                elevation_mask=mask,
            ),
        )
        for name, latitude, longitude, mask in _PLACES[:count]
    ]
