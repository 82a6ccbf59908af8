"""All that a collection went through while something else was done."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TypeVar

from perigee_demo.cluster import Objects
from perigee_demo.story.constellation import Collection, Constellation
from perigee_demo.story.journal import PromiseBrokenError

T = TypeVar("T")


class Shown(list[T]):
    """What was shown so far."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Condition()

    async def until(self, expected: list[T], *, within_s: float) -> None:
        """Waits until exactly this was shown.

        Raises:
            PromiseBrokenError: it was not within the time.
        """
        try:
            async with asyncio.timeout(within_s), self.changed:
                await self.changed.wait_for(lambda: self == expected)
        except TimeoutError as error:
            what = f"not within {within_s:.0f} s: {expected}; shown: {self}"
            raise PromiseBrokenError(what) from error


@asynccontextmanager
async def history(
    constellation: Constellation, collection: Collection, view: Callable[[Objects], T]
) -> AsyncIterator[Shown[T]]:
    """What a view of a collection showed while the block ran, each change once, in order."""
    shown: Shown[T] = Shown()
    begun = asyncio.Event()

    async def follow() -> None:
        following = constellation.cluster.follow(collection.path, labels=collection.labels)
        async with aclosing(following) as states:
            async for objects in states:
                value = view(objects)
                if not shown or shown[-1] != value:
                    async with shown.changed:
                        shown.append(value)
                        shown.changed.notify_all()
                begun.set()

    task = asyncio.create_task(follow())
    try:
        await begun.wait()
        yield shown
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
