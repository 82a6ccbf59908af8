"""When a refused write is sent once more."""

from typing import Final

from perigee_operator.storage.errors import ApiError

MAX_ATTEMPTS: Final = 5
MAX_PAUSE_S: Final = 10.0
DEFAULT_PAUSE_S: Final = 1.0

TOO_MANY_REQUESTS: Final = 429
SERVICE_UNAVAILABLE: Final = 503


def pause_before_retry_s(error: ApiError, attempt: int) -> float | None:
    """How long to wait before the same write is sent again; None: it is not.

    The server throttles with 429, and with 503 where it says when to come back. Neither was done.
    Anything else is left to the next sweep, which decides on what is then the case.

    Args:
        error: the answer to that attempt.
        attempt: which one it was, from 1.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    throttled = error.status == TOO_MANY_REQUESTS or (
        error.status == SERVICE_UNAVAILABLE and error.retry_after_s is not None
    )
    if not throttled:
        return None
    asked_s = DEFAULT_PAUSE_S if error.retry_after_s is None else error.retry_after_s
    return min(asked_s, MAX_PAUSE_S)
