"""Reading of JSON that anybody may have written: what has another type counts as absent.

The API server holds most objects to their schema, but not all parts of all of them: the data of a
ControllerRevision is any JSON at all. No object of somebody else's may stop the operator.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


class UnviewableError(Exception):
    """An object lacks what no view can do without; the text says what."""


def table(value: Any) -> Mapping[str, Any]:
    """An object of JSON; empty for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; empty for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """A string; empty for anything else."""
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int | None:
    """A whole number; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: Any) -> datetime:
    """A Kubernetes timestamp, in UTC.

    Raises:
        UnviewableError: it is none.
    """
    try:
        return datetime.fromisoformat(text(value)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{value!r:.60} is not a moment"
        raise UnviewableError(message) from error
