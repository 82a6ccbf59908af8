"""When a refused write is sent once more."""

import pytest

from perigee_operator.storage.errors import ApiError
from perigee_operator.storage.throttling import (
    DEFAULT_PAUSE_S,
    MAX_ATTEMPTS,
    MAX_PAUSE_S,
    pause_before_retry_s,
)


@pytest.mark.parametrize(
    ("status", "retry_after_s", "attempt", "pause_s"),
    [
        (429, 2.0, 1, 2.0),
        (429, None, 1, DEFAULT_PAUSE_S),
        (429, 600.0, 1, MAX_PAUSE_S),
        (429, 2.0, MAX_ATTEMPTS - 1, 2.0),
        (429, 2.0, MAX_ATTEMPTS, None),
        (503, 1.0, 1, 1.0),
        (503, None, 1, None),
        (409, None, 1, None),
        (409, 1.0, 1, None),
        (404, None, 1, None),
        (500, 1.0, 1, None),
    ],
)
def test_only_throttling_is_waited_out(
    status: int, retry_after_s: float | None, attempt: int, pause_s: float | None
) -> None:
    error = ApiError(status, "Reason", "message", retry_after_s)
    assert pause_before_retry_s(error, attempt) == pause_s
