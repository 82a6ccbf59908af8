import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from unittest.mock import Mock

import pytest

from perigee_demo.cluster import Cluster, Objects
from perigee_demo.story.constellation import Collection, Constellation, while_all_hold
from perigee_demo.story.journal import PromiseBrokenError

COLLECTION = Collection("/api/v1/pods")


class Changing(Cluster):
    """A collection that grows by an object each hundredth of a second, up to three."""

    def __init__(self) -> None:
        self.closed = 0

    async def follow(self, path: str, *, labels: str = "") -> AsyncGenerator[Objects, None]:
        assert (path, labels) == (COLLECTION.path, COLLECTION.labels)
        objects: tuple[dict[str, Any], ...] = ()
        try:
            for number in range(4):
                yield objects
                objects = (*objects, {"number": number})
                await asyncio.sleep(0.01)
            await asyncio.Event().wait()
        finally:
            self.closed += 1


@pytest.fixture
def cluster() -> Changing:
    return Changing()


@pytest.fixture
def constellation(cluster: Changing) -> Constellation:
    return Constellation(Mock(), cluster)


async def test_until_gives_what_it_waited_for(
    constellation: Constellation, cluster: Changing
) -> None:
    found = await constellation.until(
        COLLECTION, lambda objects: len(objects) == 2, within_s=5, what="two"
    )
    assert len(found) == 2
    assert cluster.closed == 1


async def test_until_ends_at_its_deadline(constellation: Constellation, cluster: Changing) -> None:
    with pytest.raises(PromiseBrokenError, match="not within 0 s: four"):
        await constellation.until(
            COLLECTION, lambda objects: len(objects) == 4, within_s=0.1, what="four"
        )
    assert cluster.closed == 1


async def test_throughout_sees_what_holds(constellation: Constellation) -> None:
    await constellation.throughout(
        COLLECTION, lambda objects: len(objects) < 4, for_s=0.1, what="few"
    )


async def test_throughout_sees_what_breaks_for_a_moment(constellation: Constellation) -> None:
    with pytest.raises(PromiseBrokenError, match="no longer: not two"):
        await constellation.throughout(
            COLLECTION, lambda objects: len(objects) != 2, for_s=5, what="not two"
        )


async def test_watches_end_with_what_goes_on(
    constellation: Constellation, cluster: Changing
) -> None:
    await while_all_hold(
        until_there_are(constellation, 3),
        constellation.throughout(COLLECTION, lambda _: True, what="anything"),
        constellation.throughout(COLLECTION, lambda found: len(found) < 4, what="few"),
    )
    assert cluster.closed == 3


async def test_of_several_the_first_that_breaks_ends_all(
    constellation: Constellation, cluster: Changing
) -> None:
    with pytest.raises(PromiseBrokenError, match=r"^after 0 s no longer: none$"):
        async with asyncio.timeout(5):
            await while_all_hold(
                until_there_are(constellation, 4),
                constellation.throughout(COLLECTION, lambda _: True, what="anything"),
                constellation.throughout(COLLECTION, lambda found: not found, what="none"),
            )
    assert cluster.closed == 3


async def test_what_goes_on_may_break_a_promise_itself(
    constellation: Constellation, cluster: Changing
) -> None:
    with pytest.raises(PromiseBrokenError, match="it did not happen"):
        async with asyncio.timeout(5):
            await while_all_hold(
                breaks_at(constellation, 2),
                constellation.throughout(COLLECTION, lambda _: True, what="anything"),
            )
    assert cluster.closed == 2


async def until_there_are(constellation: Constellation, number: int) -> None:
    await constellation.until(
        COLLECTION, lambda found: len(found) == number, within_s=5, what=f"{number}"
    )


async def breaks_at(constellation: Constellation, number: int) -> None:
    await until_there_are(constellation, number)
    raise PromiseBrokenError("it did not happen")
