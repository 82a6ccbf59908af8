"""The constellation of the demo: the lab, its API server, and how to wait for what it does."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass

import yaml

from perigee_demo.cluster import Cluster, Json, Objects
from perigee_demo.story.journal import PromiseBrokenError
from perigee_lab.lab import Lab

Condition = Callable[[Objects], bool]


@dataclass(frozen=True, slots=True)
class Collection:
    """Some objects of the API."""

    path: str
    labels: str = ""


async def while_all_hold(
    story: Coroutine[None, None, None], *watches: Coroutine[None, None, None]
) -> None:
    """Watches several conditions while something goes on; the first that breaks ends all.

    Raises:
        PromiseBrokenError: the one that broke.
    """
    try:
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(each) for each in watches]
            await story
            for task in watching:
                task.cancel()
    except ExceptionGroup as group_of_errors:
        # Not by `except*`: what is raised from there comes as a group in some versions of Python.
        broken, others = group_of_errors.split(PromiseBrokenError)
        if broken is None or others is not None:
            raise
        raise PromiseBrokenError("; ".join(map(str, broken.exceptions))) from broken


@dataclass(frozen=True, slots=True)
class Constellation:
    """A lab that runs, with Perigee in it."""

    lab: Lab
    cluster: Cluster
    patience: float = 1.0
    """So many times what is promised is waited for: the machine may have other things to do."""

    async def apply(self, *objects: Json) -> None:
        """Applies objects, as a user would."""
        text = yaml.safe_dump_all(objects)
        await asyncio.to_thread(self.lab.cluster.run, "apply", "--filename=-", stdin=text)

    async def cut(self, satellite: str) -> None:
        """Cuts a satellite's link."""
        await asyncio.to_thread(self.lab.cut, satellite)

    async def restore(self, satellite: str) -> None:
        """Restores a link that was cut."""
        await asyncio.to_thread(self.lab.restore, satellite)

    async def crash(self, satellite: str) -> None:
        """Takes a satellite's power."""
        await asyncio.to_thread(self.lab.crash, satellite)

    async def until(
        self, collection: Collection, holds: Condition, *, within_s: float, what: str
    ) -> Objects:
        """Waits until a condition holds of a collection.

        Returns:
            The objects as they were then.

        Raises:
            PromiseBrokenError: it did not hold within the time.
        """
        waits_s = within_s * self.patience
        try:
            async with asyncio.timeout(waits_s):
                return await self._first(collection, holds)
        except TimeoutError as error:
            raise PromiseBrokenError(f"not within {waits_s:.0f} s: {what}") from error

    async def throughout(
        self, collection: Collection, holds: Condition, *, for_s: float | None = None, what: str
    ) -> None:
        """Watches that a condition holds all the time.

        Args:
            collection: of what it is a condition.
            holds: the condition.
            for_s: how long; None: until the watch is cancelled.
            what: it means.

        Raises:
            PromiseBrokenError: for a moment it did not.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(for_s):
                await self._first(collection, lambda objects: not holds(objects))
        except TimeoutError:
            return
        after_s = time.monotonic() - started
        raise PromiseBrokenError(f"after {after_s:.0f} s no longer: {what}")

    async def _first(self, collection: Collection, holds: Condition) -> Objects:
        following = self.cluster.follow(collection.path, labels=collection.labels)
        async with aclosing(following) as states:
            async for objects in states:
                if holds(objects):
                    return objects
        raise AssertionError("a collection is followed for as long as it is asked for")
