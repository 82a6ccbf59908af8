"""Events, as ``kubectl describe`` and ``kubectl get events`` show them."""

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from perigee_api import names
from perigee_operator.domain.kinds import EVENT, INFERENCE_MODEL, NODE, SATELLITE_NODE
from perigee_operator.domain.writes import Announce, EventType, Json, ObjectKey
from perigee_operator.storage.echo import micro_time

REPORTING_CONTROLLER: Final = f"{names.GROUP}/operator"

MAX_NOTE_BYTES: Final = 1024
MAX_INSTANCE_CHARACTERS: Final = 128
MAX_PREFIX_CHARACTERS: Final = 200
"""Of an Event's name, which may have 253, the digest included."""
DIGEST_DIGITS: Final = 16

_KINDS: Final = {kind.name: kind for kind in (INFERENCE_MODEL, SATELLITE_NODE, NODE)}


def event_key(announce: Announce) -> ObjectKey:
    """Where the Event is kept: beside its object, or in ``default`` where that has no namespace."""
    regarding = announce.regarding
    content = json.dumps(
        [
            regarding.kind.name,
            announce.uid,
            announce.type,
            announce.reason,
            announce.action,
            announce.note,
            micro_time(announce.at),
        ]
    )
    digest = hashlib.sha256(content.encode()).hexdigest()[:DIGEST_DIGITS]
    prefix = regarding.name[:MAX_PREFIX_CHARACTERS].rstrip("-.")
    return ObjectKey(EVENT, f"{prefix}.{digest}", regarding.namespace or "default")


def event_digest(name: str) -> str:
    """What an Event's name ends in: made from all that was announced."""
    return name.rpartition(".")[2]


def event_body(announce: Announce, instance: str) -> Json:
    """An ``events.k8s.io/v1`` Event."""
    regarding = announce.regarding
    reference: dict[str, Any] = {
        "apiVersion": regarding.kind.api_version,
        "kind": regarding.kind.name,
        "name": regarding.name,
        "uid": announce.uid,
    }
    if regarding.namespace is not None:
        reference["namespace"] = regarding.namespace
    about = {
        names.EVENT_REVISION_ANNOTATION: announce.revision,
        names.EVENT_BY_ANNOTATION: announce.by,
    }
    return {
        "metadata": {"annotations": {key: value for key, value in about.items() if value}},
        "eventTime": micro_time(announce.at),
        "type": str(announce.type),
        "reason": announce.reason,
        "action": announce.action,
        "note": cut(announce.note, MAX_NOTE_BYTES),
        "regarding": reference,
        "reportingController": REPORTING_CONTROLLER,
        "reportingInstance": instance[:MAX_INSTANCE_CHARACTERS],
    }


def announced(event: Json) -> Announce | None:
    """What an Event of Perigee's tells; None where it is about no kind that Perigee tells of."""
    regarding = event.get("regarding") or {}
    kind = _KINDS.get(str(regarding.get("kind")))
    if kind is None:
        return None
    annotations = event["metadata"].get("annotations") or {}
    return Announce(
        ObjectKey(kind, str(regarding.get("name")), regarding.get("namespace")),
        str(regarding.get("uid")),
        EventType(event["type"]),
        event["reason"],
        event["action"],
        str(event.get("note", "")),
        datetime.fromisoformat(event["eventTime"]),
        revision=annotations.get(names.EVENT_REVISION_ANNOTATION, ""),
        by=annotations.get(names.EVENT_BY_ANNOTATION, ""),
    )


def cut(text: str, max_bytes: int) -> str:
    """The text, cut where needed so that its UTF-8 fits; a cut one ends in an ellipsis."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    return encoded[: max_bytes - len("…".encode())].decode(errors="ignore") + "…"
