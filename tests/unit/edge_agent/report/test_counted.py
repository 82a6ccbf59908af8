import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from perigee_api.names import COUNTS_SOCKET
from perigee_api.served import Counts
from perigee_edge.counted import CountedBlock
from perigee_edge.report.baseline_memory import BaselineMemory
from perigee_edge.report.counted import FORGOTTEN_S, KEPT, TOLD, Clocks, Counted
from perigee_edge.serve.counting import Counting
from perigee_edge.serve.telling import tell

PERIOD_S = 5700


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return 1.7e9 + self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counted(tmp_path: Path, clock: Clock) -> Counted:
    memory = BaselineMemory(tmp_path / "baselines.json")
    return Counted(memory, Clocks(clock, clock.unix_s), lambda: PERIOD_S)


def datagram(
    sequence: int = 0, *, revision: str = "r", run: str = "1", ended_s: float = 1000
) -> bytes:
    said = CountedBlock(
        model="default/m",
        pod="p",
        revision=revision,
        run=run,
        sequence=sequence,
        ended_s=ended_s,
        lasted_s=480,
        counts=Counts(errors=1, latency={40: 99}),
    )
    return said.model_dump_json(by_alias=True).encode()


def answered(counted: Counted, times: int = 1) -> None:
    for _ in range(times):
        counted.told(counted.untold())


def test_a_block_is_told_in_a_few_heartbeats_and_then_no_more(
    counted: Counted, clock: Clock
) -> None:
    counted.take(datagram())
    for _ in range(TOLD):
        (block,) = counted.untold()
        assert (block.pod, block.revision, block.sequence, block.lasted_s) == ("p", "r", 0, 480)
        answered(counted)
        clock.now_s += 10
        counted.take(datagram())
    assert counted.untold() == ()


def test_without_an_answer_it_is_told_for_as_long_as_it_takes(
    counted: Counted, clock: Clock
) -> None:
    counted.take(datagram())
    clock.now_s += 86_400
    counted.take(datagram(1, ended_s=clock.now_s - 7))
    assert [(block.sequence, block.age_s) for block in counted.untold()] == [(0, 86_400), (1, 7)]


def test_the_revision_before_stands_beside(counted: Counted, clock: Clock) -> None:
    counted.take(datagram(revision="old"))
    clock.now_s += PERIOD_S
    counted.take(datagram(revision="new", run="2", ended_s=clock.now_s))
    old, new = counted.untold()
    assert old.before is None
    assert new.before is not None
    assert (new.before.revision, new.before.counts) == ("old", old.counts)


def test_two_runs_of_a_server_are_told_apart(counted: Counted) -> None:
    counted.take(datagram(0, run="1"))
    counted.take(datagram(0, run="2"))
    assert [block.run for block in counted.untold()] == ["1", "2"]


def test_what_is_kept_is_bounded_and_what_was_told_goes_first(
    counted: Counted, clock: Clock
) -> None:
    counted.take(datagram(0))
    answered(counted, TOLD)
    clock.now_s += FORGOTTEN_S
    for sequence in range(1, KEPT + 5):
        counted.take(datagram(sequence))
    assert [block.sequence for block in counted.untold()] == list(range(5, KEPT + 5))


def test_noise_is_told_and_passed_over(counted: Counted) -> None:
    with capture_logs() as logs:
        for noise in (b"noise", b"{}", datagram()[:-1], datagram().replace(b'"1"', b'"a b"')):
            counted.take(noise)
    assert [line["event"] for line in logs] == ["counts_unreadable"] * 4
    assert counted.untold() == ()


@asynccontextmanager
async def running(*work: asyncio.Task[object]) -> AsyncIterator[None]:
    yield
    for task in work:
        task.cancel()
    for task in work:
        with suppress(asyncio.CancelledError):
            await task


async def test_a_server_tells_an_agent_that_comes_and_goes(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    counting = Counting(
        model="default/m",
        pod="p",
        revision="r",
        run="1",
        begun_s=loop.time(),
        length_s=0.05,
    )
    telling: asyncio.Task[object] = asyncio.create_task(tell(counting, tmp_path))
    counting.request(200, 0.02)
    async with asyncio.timeout(60), running(telling):
        for _ in range(2):
            memory = BaselineMemory(tmp_path / "baselines.json")
            counted = Counted(memory, Clocks(loop.time, lambda: 0.0), lambda: PERIOD_S)
            at = tmp_path / Path(COUNTS_SOCKET).name
            hearing: asyncio.Task[object] = asyncio.create_task(counted.run(at))
            async with running(hearing):
                while not counted.untold():  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(0.01)
                (block,) = counted.untold()
                assert block.counts.requests == 1
