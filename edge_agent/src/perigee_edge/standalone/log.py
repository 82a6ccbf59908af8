"""The keeper's log: one JSON object a line, as the edge agent's other parts write it.

By the standard library alone: structlog would take as much memory as all the rest of the keeper.
"""

import json
import sys
from datetime import UTC, datetime


def log(event: str, level: str = "info", **fields: object) -> None:
    """Write a line."""
    line = {**fields, "event": event, "level": level, "timestamp": datetime.now(UTC).isoformat()}
    # In one write, where print makes two: the server that the keeper starts logs to the same place.
    sys.stderr.write(f"{json.dumps(line)}\n")
    sys.stderr.flush()
