"""When the next heartbeat is due. Pure."""

import math
from typing import Final

SHORTEST_INTERVAL_S: Final = 0.5
LONGEST_INTERVAL_S: Final = 3600.0


def bounded_interval_s(assigned_s: float) -> float:
    """An interval that neither floods the link nor lets the satellite look dead."""
    return min(LONGEST_INTERVAL_S, max(SHORTEST_INTERVAL_S, assigned_s))


def next_due_s(last_due_s: float, interval_s: float, now_s: float) -> float:
    """The next moment of the grid that the last due moment and the interval span.

    Moments that have passed are left out, so that nothing drifts and no burst follows a delay.
    All in seconds on one monotonic clock.
    """
    missed = max(0, math.floor((now_s - last_due_s) / interval_s))
    return last_due_s + (missed + 1) * interval_s


def request_timeout_s(interval_s: float) -> float:
    """How long one heartbeat may take: less than the interval, and never longer than 10 s."""
    return min(10.0, 0.8 * interval_s)


def lease_duration_s(interval_s: float) -> int:
    """How long a heartbeat speaks for the satellite, in whole seconds: four intervals."""
    return max(1, math.ceil(4 * interval_s))
