"""What must be so of an object for a write to be done."""

from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.storage.errors import NameTakenError


def as_object(body: Json, item: Json) -> Json:
    """The body, to be refused where the object has been replaced or is gone."""
    return _with_metadata(body, uid=item["metadata"]["uid"])


def as_version(body: Json, item: Json) -> Json:
    """The body, to be refused (409) where the object is no longer as it was seen."""
    return _with_metadata(body, resourceVersion=item["metadata"]["resourceVersion"])


def expect_owner(key: ObjectKey, item: Json, uid: str) -> None:
    """Sees to it that an object is not taken from somebody else.

    Raises:
        NameTakenError: its owner references do not name that uid.
    """
    owners = item["metadata"].get("ownerReferences") or ()
    if not any(owner["uid"] == uid for owner in owners):
        raise NameTakenError(
            f"{key.kind.name} {key.namespace}/{key.name} exists and is not the model's: "
            "delete it, or give the model another name."
        )


def _with_metadata(body: Json, **more: str) -> Json:
    return {**body, "metadata": {**body.get("metadata", {}), **more}}
