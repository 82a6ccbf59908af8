"""A ground station on the command line: ``NAME=LAT,LON[,HEIGHT_M][,MASK_DEG]``."""

from pydantic import ValidationError

from perigee_api.ground_station import GroundStationSpec
from perigee_operator.domain.orbit.station import Station

FORM = "NAME=LAT,LON[,HEIGHT_M][,MASK_DEG]"


def station(text: str) -> Station:
    """The station that a text stands for.

    Raises:
        ValueError: what is wrong with it, for a person.
    """
    name, _, rest = text.partition("=")
    parts = rest.split(",") if rest else []
    if not name.strip() or not 2 <= len(parts) <= 4:  # noqa: PLR2004 - as in FORM
        raise ValueError(f"{text!r} is not of the form {FORM}")
    numbers = dict(zip(("latitude", "longitude", "height", "mask"), parts, strict=False))
    spec = {"place": {key: value for key, value in numbers.items() if key != "mask"}}
    if "mask" in numbers:
        spec["elevationMask"] = numbers["mask"]  # type: ignore[assignment]
    try:
        return Station(name.strip(), GroundStationSpec.model_validate(spec))
    except ValidationError as error:
        faults = (
            f"{fault['loc'][-1]} {fault['input']!r}: {fault['msg']}" for fault in error.errors()
        )
        raise ValueError(f"station {name}: {'; '.join(faults)}") from error
