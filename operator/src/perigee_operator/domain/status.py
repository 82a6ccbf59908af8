"""The write of a status, if it has changed."""

from collections.abc import Iterator

from pydantic import BaseModel

from perigee_operator.domain.fleet import ModelView, SatelliteView
from perigee_operator.domain.writes import Apply, ObjectKey


def status_write(
    key: ObjectKey, seen: SatelliteView | ModelView, wanted: BaseModel
) -> Iterator[Apply]:
    """One write of the whole status where it differs from what stands; none where it does not.

    It is refused where the object is no longer as it was seen: what was decided of it then must
    not undo what another operator has decided since.
    """
    if wanted != seen.status:
        metadata = {"uid": seen.uid, "resourceVersion": seen.version}
        status = wanted.model_dump(mode="json", by_alias=True, exclude_none=True)
        yield Apply(key, {"metadata": metadata, "status": status}, subresource="status")
