import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import numpy as np
import pytest

from perigee_edge.serve.batching import Batcher, BatchingOptions, QueueFullError
from perigee_edge.serve.engine.interface import InferenceFailedError, InputRefusedError
from perigee_edge.serve.tensors import Datatype, Tensors, TensorSpec

LONG_S = 3600


def doubled(inputs: Tensors) -> Tensors:
    if np.isnan(inputs["x"]).any():
        raise InferenceFailedError("NaN")
    return {"y": inputs["x"] * 2}


class FakeSession:
    """Computes by a function, and can be held in the middle of a run."""

    platform = "fake"

    def __init__(
        self, run: Callable[[Tensors], Tensors] = doubled, shape: tuple[int | None, ...] = (None, 1)
    ) -> None:
        self.inputs = [TensorSpec("x", Datatype.FP64, shape)]
        self.outputs = [TensorSpec("y", Datatype.FP64, shape)]
        self.sizes: list[int] = []
        self._run = run
        self._free = threading.Event()
        self._free.set()
        self.entered = threading.Event()

    def run(self, inputs: Tensors) -> Tensors:
        self.entered.set()
        self._free.wait(60)
        self.sizes.append(inputs["x"].shape[0])
        return self._run(inputs)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()


@asynccontextmanager
async def batcher(
    session: FakeSession, max_size: int = 4, max_delay_s: float = 0, max_waiting: int = 100
) -> AsyncIterator[Batcher]:
    made = Batcher(session, BatchingOptions(max_size, max_delay_s, max_waiting), lambda *_: None)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def rows(*values: float) -> dict[str, Any]:
    return {"x": np.array(values, "f8").reshape(-1, 1)}


async def queued(made: Batcher, count: int) -> None:
    while made.waiting != count:  # noqa: ASYNC110 - no event tells of the queue's length
        await asyncio.sleep(0)


async def first_batch_under_way(session: FakeSession) -> None:
    assert await asyncio.to_thread(session.entered.wait, 60)


async def test_requests_that_wait_are_run_together() -> None:
    session = FakeSession()
    async with batcher(session) as made:
        with session.held():
            first = asyncio.create_task(made.infer(rows(0)))
            await first_batch_under_way(session)
            rest = [asyncio.create_task(made.infer(rows(n))) for n in (1, 2, 3, 4, 5)]
            await queued(made, 5)
        answers = [await each for each in (first, *rest)]
    assert [float(answer["y"][0, 0]) for answer in answers] == [0, 2, 4, 6, 8, 10]
    assert session.sizes == [1, 4, 1]


async def test_a_full_batch_does_not_wait_for_the_deadline() -> None:
    session = FakeSession()
    async with batcher(session, max_size=3, max_delay_s=LONG_S) as made:
        await asyncio.gather(*(made.infer(rows(n)) for n in range(3)))
    assert session.sizes == [3]


async def test_a_lone_request_runs_at_its_deadline() -> None:
    session = FakeSession()
    async with batcher(session, max_delay_s=0.05) as made:
        started = asyncio.get_running_loop().time()
        await made.infer(rows(1))
        assert asyncio.get_running_loop().time() - started >= 0.05


async def test_a_large_request_runs_in_slices() -> None:
    session = FakeSession()
    async with batcher(session) as made:
        answer = await made.infer(rows(*range(10)))
    np.testing.assert_array_equal(answer["y"][:, 0], np.arange(10) * 2)
    assert session.sizes == [4, 4, 2]


async def test_one_that_fails_does_not_fail_the_others() -> None:
    session = FakeSession()
    async with batcher(session, max_size=3, max_delay_s=LONG_S) as made:
        good, bad, other = await asyncio.gather(
            made.infer(rows(1)),
            made.infer(rows(np.nan)),
            made.infer(rows(3)),
            return_exceptions=True,
        )
    assert isinstance(bad, InferenceFailedError)
    assert isinstance(good, dict)
    assert isinstance(other, dict)
    assert (good["y"], other["y"]) == (2, 6)


async def test_a_lone_failure_is_not_tried_twice() -> None:
    session = FakeSession()
    async with batcher(session) as made:
        with pytest.raises(InferenceFailedError):
            await made.infer(rows(np.nan))
    assert session.sizes == [1]


async def test_a_full_queue_refuses_and_says_when_to_return() -> None:
    session = FakeSession()
    async with batcher(session, max_waiting=2) as made:
        with session.held():
            first = asyncio.create_task(made.infer(rows(0)))
            await first_batch_under_way(session)
            waiting = [asyncio.create_task(made.infer(rows(n))) for n in (1, 2)]
            await queued(made, 2)
            with pytest.raises(QueueFullError) as refusal:
                await made.infer(rows(3))
            assert refusal.value.retry_after_s >= 1
        await asyncio.gather(first, *waiting)
        assert float((await made.infer(rows(4)))["y"][0, 0]) == 8


async def test_who_leaves_the_queue_is_not_computed() -> None:
    session = FakeSession()
    async with batcher(session) as made:
        with session.held():
            first = asyncio.create_task(made.infer(rows(0)))
            await first_batch_under_way(session)
            gone, stays = (asyncio.create_task(made.infer(rows(n, n))) for n in (1, 2))
            await queued(made, 2)
            gone.cancel()
            await queued(made, 1)
        await asyncio.gather(first, stays)
    assert session.sizes == [1, 2]


async def test_who_leaves_while_computed_harms_nobody() -> None:
    session = FakeSession()
    async with batcher(session) as made:
        with session.held():
            gone = asyncio.create_task(made.infer(rows(0)))
            await first_batch_under_way(session)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
        assert float((await made.infer(rows(4)))["y"][0, 0]) == 8


async def test_other_shapes_wait_for_the_next_batch() -> None:
    session = FakeSession(shape=(None, None))
    async with batcher(session, max_delay_s=0.01) as made:
        wide = {"x": np.ones((1, 2))}
        narrow, broad = await asyncio.gather(made.infer(rows(1)), made.infer(wide))
    assert (narrow["y"].shape, broad["y"].shape) == ((1, 1), (1, 2))
    assert session.sizes == [1, 1]


async def test_a_fixed_axis_0_is_never_joined() -> None:
    session = FakeSession(shape=(1, 1))
    async with batcher(session, max_delay_s=LONG_S) as made:
        await asyncio.gather(made.infer(rows(1)), made.infer(rows(2)))
    assert session.sizes == [1, 1]


async def test_a_model_that_does_not_work_by_samples_is_found_out() -> None:
    session = FakeSession(lambda inputs: {"y": inputs["x"].sum(axis=0)})
    async with batcher(session, max_size=2, max_delay_s=LONG_S) as made:
        together = await asyncio.gather(made.infer(rows(1)), made.infer(rows(2)))
        alone = await made.infer(rows(1, 2, 3))
    assert [float(answer["y"][0]) for answer in together] == [1, 2]
    assert float(alone["y"][0]) == 6
    assert session.sizes == [2, 1, 1, 3]


@pytest.mark.parametrize(
    "inputs",
    [{"x": np.empty((0, 1))}, {"x": np.zeros((1, 1)), "z": np.zeros((2, 1))}],
)
async def test_samples_that_cannot_be_counted(inputs: dict[str, Any]) -> None:
    async with batcher(FakeSession()) as made:
        with pytest.raises(InputRefusedError, match="axis 0 counts samples"):
            await made.infer(inputs)


async def test_a_fault_nobody_foresaw_ends_the_batcher_and_is_not_hidden() -> None:
    def faulty(_: Tensors) -> Tensors:
        raise ZeroDivisionError

    made = Batcher(FakeSession(faulty), BatchingOptions(4, 0, 4), lambda *_: None)
    asking = asyncio.create_task(made.infer(rows(1)))
    with pytest.raises(ZeroDivisionError):
        await made.run()
    asking.cancel()
