"""Waiting for what nobody tells of."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

LOOK_S: Final = 0.1


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = 120) -> None:
    """Looks again and again until something holds."""
    deadline = time.monotonic() + within_s
    while not await holds():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(LOOK_S)
