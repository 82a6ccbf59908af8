"""Waits for a condition that nothing announces: polls it, and says what it waited for in vain."""

import time
from collections.abc import Callable
from typing import Final

from perigee_lab.errors import LabError

INTERVAL_S: Final = 0.1


def until(condition: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Return once `condition` holds.

    Raises:
        LabError: it does not hold `within_s` seconds later.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {within_s:.0f} s in vain: {what}")
        time.sleep(INTERVAL_S)
