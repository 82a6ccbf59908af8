"""What a receiver is sent: a CloudEvent 1.0, structured, as JSON.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from perigee_operator.domain.writes import Announce
from perigee_operator.storage.announcements import MAX_NOTE_BYTES, cut, event_digest, event_key
from perigee_operator.storage.echo import micro_time

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
EVENT_TYPE: Final = "space.perigee.announcement.v1"
"""Another number would mean that `data` has lost or changed a field; new ones may come any time."""

MAX_BODY_BYTES: Final = 16 * 1024
MAX_BY_BYTES: Final = 512

_CREDENTIALS: Final = re.compile(r"://[^\s/?#]*@")
_CUT_SHORT: Final = re.compile(r"://[^\s/?#]*…$")
_QUERY: Final = re.compile(r"(://[^\s?#]*)[?#]\S*")


@dataclass(frozen=True, slots=True)
class Notice:
    """One announcement on its way to one receiver."""

    id: str
    """The same in every attempt, and after a restart of the operator."""
    body: bytes
    offered_s: float
    """Monotonic seconds."""


def notice_id(announce: Announce) -> str:
    """What the name of the announcement's Event ends in."""
    return event_digest(event_key(announce).name)


def notice_body(announce: Announce, identity: str, source: str) -> bytes:
    """The CloudEvent, at most `MAX_BODY_BYTES` of UTF-8.

    Args:
        announce: what is told.
        identity: of the notice.
        source: which cluster speaks; identity and source together are unique.
    """
    regarding = announce.regarding
    about: dict[str, Any] = {
        "apiVersion": regarding.kind.api_version,
        "kind": regarding.kind.name,
        "namespace": regarding.namespace,
        "name": regarding.name,
        "uid": announce.uid,
    }
    data = {
        "type": str(announce.type),
        "reason": announce.reason,
        "action": announce.action,
        "message": cut(without_secrets(announce.note), MAX_NOTE_BYTES),
        "object": _given(about),
        "revision": announce.revision,
        "by": cut(without_secrets(announce.by), MAX_BY_BYTES),
    }
    within = "" if regarding.namespace is None else f"{regarding.namespace}/"
    event = {
        "specversion": "1.0",
        "id": identity,
        "source": source,
        "type": EVENT_TYPE,
        "time": micro_time(announce.at),
        "subject": f"{regarding.kind.name}/{within}{regarding.name}",
        "datacontenttype": "application/json",
        "data": _given(data),
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def without_secrets(text: str) -> str:
    """The text, with the URLs in it bereft of user, password, query and fragment.

    A query may be a signature that opens a store for whoever has it.
    """
    return _QUERY.sub(r"\1?…", _CUT_SHORT.sub("://…", _CREDENTIALS.sub("://", text)))


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "")}
