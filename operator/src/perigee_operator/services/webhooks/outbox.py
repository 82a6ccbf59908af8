"""What waits for a receiver: so much and no more, in order."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from perigee_operator.services.webhooks.notice import Notice

MAX_WAITING: Final = 1000


class Outbox:
    """A queue that never makes anybody wait who puts something into it.

    Args:
        on_drop: called for each notice that had to make room.
        limit: how many wait at most.
    """

    def __init__(self, on_drop: Callable[[], None], limit: int = MAX_WAITING) -> None:
        self._on_drop = on_drop
        self._limit = limit
        self._waiting: deque[Notice] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def put(self, notice: Notice) -> None:
        """Puts it behind all others; the oldest makes room."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self._on_drop()
        self._waiting.append(notice)
        self._filled.set()

    def put_before(self, notices: Sequence[Notice]) -> None:
        """Puts these, of which the first is the oldest, before all others; the oldest make room."""
        waiting = [*notices, *self._waiting]
        for _ in waiting[: -self._limit]:
            self._on_drop()
        self._waiting = deque(waiting[-self._limit :])
        if self._waiting:
            self._filled.set()

    async def take(self) -> Notice:
        """Takes the oldest out, once there is one."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()
