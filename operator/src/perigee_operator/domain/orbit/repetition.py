"""Windows of time that repeat."""

import math
from collections.abc import Iterator
from datetime import datetime

from perigee_api.orbit import Interval


def repetitions(
    interval: Interval, since: datetime, until: datetime
) -> Iterator[tuple[float, float]]:
    """Starts and ends, in seconds since 1970, of all that overlap a span of time, in order."""
    start_s, end_s = interval.start.timestamp(), interval.end.timestamp()
    since_s, until_s = since.timestamp(), until.timestamp()
    if interval.every is None:
        if end_s > since_s and start_s < until_s:
            yield start_s, end_s
        return
    last_s = min(until_s, interval.until.timestamp()) if interval.until else until_s
    # The first repetition that has not ended by `since`.
    number = max(0, math.floor((since_s - end_s) / interval.every) + 1)
    while start_s + number * interval.every < last_s:
        shift_s = number * interval.every
        yield start_s + shift_s, end_s + shift_s
        number += 1
