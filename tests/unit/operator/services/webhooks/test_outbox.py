"""What waits, and who makes room."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.services.webhooks.notice import Notice
from perigee_operator.services.webhooks.outbox import Outbox


def notice(number: int) -> Notice:
    return Notice(str(number), b"", 0.0)


class Drops:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 10))
def test_the_newest_are_kept_in_order(before: int, after: int, limit: int) -> None:
    async def taken() -> tuple[list[str], int, int]:
        drops = Drops()
        outbox = Outbox(drops, limit)
        for number in range(after):
            outbox.put(notice(before + number))
        outbox.put_before([notice(number) for number in range(before)])
        waiting = len(outbox)
        return [(await outbox.take()).id for _ in range(waiting)], drops.count, len(outbox)

    every = [str(number) for number in range(before + after)]
    found, dropped, left = asyncio.run(taken())
    assert found == every[-limit:]
    assert dropped == len(every) - len(found)
    assert left == 0


async def test_who_takes_waits_until_there_is_something() -> None:
    outbox = Outbox(Drops())
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()
    outbox.put(notice(1))
    assert (await taking).id == "1"
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()
    outbox.put_before([notice(2)])
    assert (await taking).id == "2"
