"""What caches keep of an object: those of a whole fleet are in memory."""

from typing import Final

from perigee_operator.domain.writes import Json

_IDENTITY: Final = ("name", "namespace", "uid", "resourceVersion")


def without_managed_fields(item: Json) -> Json:
    """All but who wrote which field, which of a SatelliteNode is more than half."""
    metadata = item["metadata"]
    if "managedFields" not in metadata:
        return item
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**item, "metadata": kept}


def identity_alone(item: Json) -> Json:
    """Which object it is and no more: of Leases that tell all in the moment they change."""
    metadata = item["metadata"]
    return {"metadata": {key: metadata[key] for key in _IDENTITY if key in metadata}}
