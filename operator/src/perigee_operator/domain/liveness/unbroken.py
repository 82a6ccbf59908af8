"""Since when a satellite has been heard without a long pause."""

from datetime import datetime, timedelta
from typing import Final

LONGEST_PAUSE: Final = timedelta(seconds=60)
"""Between two signs of life of a satellite, if they are to be of one time of being heard."""


def unbroken_since(since: datetime | None, last_at: datetime | None, at: datetime) -> datetime:
    """Since when it has been heard, as of a sign of life.

    Args:
        since: the same, as of the sign before; None if there was none.
        last_at: when that came; None if there was none.
        at: when this one came.
    """
    if since is None or last_at is None or at - last_at > LONGEST_PAUSE:
        return at
    return since
