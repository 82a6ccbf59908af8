"""What a plan asks the writer to do.

A plan is a set of tracks. The writes of a track are done one after another, and the first that
fails ends its track until the next sweep: so an order that matters (more replicas before the
taint) is an order within a track. Tracks do not wait for each other: one bad resource stops
nobody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from perigee_operator.domain.kinds import Kind

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Which object."""

    kind: Kind
    name: str
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """Server-side apply, forced, of all that Perigee wants to say about an object.

    What an earlier apply said and this one does not is taken away by the API server.
    """

    key: ObjectKey
    body: Json
    """Without apiVersion, kind, name and namespace, which the writer adds from `key`.

    A body without ``metadata.uid`` creates the object where there is none. One with it is refused
    where the object has been replaced or is gone (404, 409 or 422): no ghost is made. One with
    ``metadata.resourceVersion`` is refused (409) where the object has changed since it was seen.
    """
    subresource: str | None = None
    owner_uid: str | None = None
    """Whose the object must be, by its owner references, where there is one of that name already.

    Somebody else's is not taken over: the write is refused.
    """


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a Node."""

    key: str
    effect: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class SetTaints:
    """Makes a Node carry these of the given taint keys, and none of the others.

    Read, modify, write with the resourceVersion: the list of taints is atomic and shared with
    the node controller, so server-side apply would take it over whole.
    """

    key: ObjectKey
    uid: str
    managed: frozenset[str]
    """The taint keys that Perigee decides on; all others stay as they are."""
    wanted: frozenset[Taint]


@dataclass(frozen=True, slots=True)
class RemoveLabels:
    """Takes labels, and annotations, off an object, whoever put them there.

    A merge patch with nulls.
    """

    key: ObjectKey
    uid: str
    labels: frozenset[str]
    annotations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes an object, if it is still the one that was seen."""

    key: ObjectKey
    uid: str


class EventType(StrEnum):
    """As Kubernetes knows them."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Announce:
    """An Event about an object.

    Its name is made from all that it says, `at` included: so the same decision, made at the same
    moment and written again, announces itself only once.
    """

    regarding: ObjectKey
    uid: str
    type: EventType
    reason: str
    """CamelCase, at most 128 characters."""
    action: str
    note: str
    """A sentence with the figures; cut at 1,024 characters."""
    at: datetime
    revision: str = ""
    """That it is about."""
    by: str = ""
    """The person who asked for it."""


Write = Apply | SetTaints | RemoveLabels | Delete | Announce


@dataclass(frozen=True, slots=True)
class Track:
    """Writes in an order that matters."""

    name: str
    """Whose: ``sat/sat-1``, ``imodel/default/cloud-mask``."""
    writes: tuple[Write, ...]
