"""What the API server says when it refuses, and when it deletes."""

import json
from collections.abc import Mapping

from perigee_operator.domain.writes import Json
from perigee_operator.storage.errors import ApiError


def failure_of(status: Json) -> ApiError:
    """The failure that a Kubernetes ``Status`` object speaks of."""
    retry_after = (status.get("details") or {}).get("retryAfterSeconds")
    return ApiError(
        int(status.get("code") or 500),
        str(status.get("reason") or "Unknown"),
        str(status.get("message") or ""),
        float(retry_after) if retry_after else None,
    )


def failure_of_response(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The failure that an HTTP answer speaks of.

    The body is a ``Status`` from the API server itself; a proxy, or the server before it is
    ready, sends plain text.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and answer.get("kind") == "Status":
        error = failure_of({**answer, "code": status})
    else:
        text = body[:200].decode(errors="replace").strip()
        error = ApiError(status, "Unknown", text)
    header = headers.get("Retry-After", "")
    if header.isdigit():
        error.retry_after_s = float(header)
    return error


def goes_by_and_by(answer: Json) -> bool:
    """Whether the answer to a deletion is an object that is still there."""
    metadata = answer.get("metadata") or {}
    return "deletionTimestamp" in metadata and bool(
        metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
    )
