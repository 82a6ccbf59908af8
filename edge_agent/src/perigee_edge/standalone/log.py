"""The keeper's log: one JSON object a line, as the edge agent's other parts write it.

By the standard library alone: structlog would take as much memory as all the rest of the keeper.
"""

import json
import sys
from datetime import UTC, datetime


def log(event: str, level: str = "info", **fields: object) -> None:
    """Write a line."""
    line = {**fields, "event": event, "level": level, "timestamp": datetime.now(UTC).isoformat()}
    print(json.dumps(line), file=sys.stderr, flush=True)  # noqa: T201 - this is the log
