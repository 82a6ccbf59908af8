"""GroundStation: a place from which satellites are seen."""

from typing import Annotated, Final

from pydantic import Field
from pydantic.types import JsonValue

from perigee_api.base import Schema
from perigee_api.orbit import Interval, Place
from perigee_api.resource import WIDE, Column, Resource
from perigee_api.rules import Rule, rules


class HorizonPoint(Schema):
    """How high the horizon is in one direction."""

    azimuth: float = Field(ge=0, lt=360, description="Degrees from north through east.")
    elevation: float = Field(
        ge=0, lt=90, description="Degrees above the horizontal below which nothing is seen there."
    )


_BY_AZIMUTH: Final[dict[str, JsonValue]] = {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["azimuth"],
}
"""No direction twice."""


class GroundStationSpec(Schema):
    """Where the station is, what it sees, and when."""

    place: Place
    elevation_mask: float = Field(
        default=5,
        ge=0,
        lt=90,
        description="Degrees above the horizontal from which it sees, in all directions.",
    )
    horizon: Annotated[list[HorizonPoint], Field(max_length=360)] = Field(
        default_factory=list,
        description="What stands in the way beyond the mask: hills, buildings. Ordered by azimuth; "
        "between two points the horizon runs straight, from the last on to the first, too. "
        "It sees what is above both the mask and the horizon.",
        json_schema_extra=_BY_AZIMUTH
        | rules(
            Rule("self.map(point, point.azimuth).isSorted()", "horizon must be ordered by azimuth")
        ),
    )
    service: Annotated[list[Interval], Field(max_length=64)] = Field(
        default_factory=list,
        description="The times in which it is in service; always, if none is given.",
    )
    outages: Annotated[list[Interval], Field(max_length=64)] = Field(
        default_factory=list, description="Times in which it sees nothing all the same."
    )
    out_of_service: bool = Field(default=False, description="Sees nothing until further notice.")


RESOURCE: Final = Resource(
    kind="GroundStation",
    plural="groundstations",
    short_name="gs",
    namespaced=False,
    description="A place on the ground from which satellites are seen. The contacts of all "
    "SatelliteNodes whose orbit is given by elements (omm, tle) are computed for it.",
    spec=GroundStationSpec,
    status=None,
    name_rules=(
        Rule(
            "self.metadata.name.size() <= 63",
            "the name must be at most 63 characters long, as contacts name their station so",
            field=".metadata.name",
        ),
    ),
    columns=(
        Column("Latitude", ".spec.place.latitude", "Degrees north.", type="number"),
        Column("Longitude", ".spec.place.longitude", "Degrees east.", type="number"),
        Column(
            "Mask",
            ".spec.elevationMask",
            "Degrees above the horizon from which it sees.",
            type="number",
        ),
        Column(
            "Out of service",
            ".spec.outOfService",
            "Sees nothing until further notice.",
            type="boolean",
            priority=WIDE,
        ),
        Column("Age", ".metadata.creationTimestamp", "Since it was created.", type="date"),
    ),
)
