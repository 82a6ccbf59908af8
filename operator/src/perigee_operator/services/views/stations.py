"""Views of GroundStations."""

from perigee_api.ground_station import GroundStationSpec
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.common import identity, parsed


def station_view(item: Json) -> Station:
    """A GroundStation as contacts are computed for it.

    Raises:
        UnviewableError: nobody can tell which one it is, or where.
    """
    own = identity(item)
    spec, error = parsed(GroundStationSpec, item.get("spec"))
    if spec is None:
        raise UnviewableError(f"spec.{error}")
    return Station(own.name, spec)
