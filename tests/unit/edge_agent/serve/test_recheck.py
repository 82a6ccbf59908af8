import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perigee_api.golden import GoldenMetric
from perigee_edge.serve.batching import Batcher
from perigee_edge.serve.engine.interface import InferenceFailedError
from perigee_edge.serve.recheck import SHARE, until_golden_set_fails
from perigee_edge.serve.served_model import Running
from perigee_edge.serve.settings import GoldenSettings, ModelSettings
from perigee_edge.serve.tensors import Datatype, Tensors, TensorSpec

INPUTS = np.arange(6, dtype="f8").reshape(6, 1)


class Engine:
    """Doubles; what is wrong with it can be changed while it runs."""

    platform = "fake"

    def __init__(self) -> None:
        self.inputs = [TensorSpec("x", Datatype.FP64, (None, 1))]
        self.outputs = [TensorSpec("y", Datatype.FP64, (None, 1))]
        self.sizes: list[int] = []
        self.compute: Callable[[Tensors], Any] = lambda inputs: inputs["x"] * 2

    def run(self, inputs: Tensors) -> Tensors:
        self.sizes.append(len(inputs["x"]))
        return {"y": self.compute(inputs)}


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    arrays: dict[str, Any] = {"in.x": INPUTS, "out.y": INPUTS * 2}
    np.savez(tmp_path / "golden.npz", **arrays)
    content = (tmp_path / "golden.npz").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / digest).write_bytes(content)
    return ModelSettings(
        name="m",
        revision="r1",
        artifact="a" * 64,
        golden=GoldenSettings(
            sha256=digest, metric=GoldenMetric.MAX_ABSOLUTE_ERROR, threshold=0.01
        ),
        artifact_directory=tmp_path,
        engine="fake",
        threads=1,
        keep_memory=False,
        max_batch_size=4,
        max_batch_delay_ms=0,
        max_waiting=3,
        golden_every_s=0.001,
    )


@asynccontextmanager
async def checking(engine: Engine, settings: ModelSettings) -> AsyncIterator[asyncio.Task[Any]]:
    """Checks while the block runs."""
    batcher = Batcher(engine, settings.batching_options, lambda *_: None)
    computing = asyncio.create_task(batcher.run())
    check = asyncio.create_task(until_golden_set_fails(Running(engine, batcher), settings))
    try:
        yield check
    finally:
        for task in (check, computing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def sizes(engine: Engine, count: int) -> list[int]:
    async with asyncio.timeout(60):
        while len(engine.sizes) < count:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.001)
    return engine.sizes[:count]


async def test_a_sound_model_passes_sample_by_sample(settings: ModelSettings) -> None:
    engine = Engine()
    async with checking(engine, settings) as check:
        assert await sizes(engine, 12) == [1] * 12
        assert not check.done()


async def test_one_that_computes_otherwise_fails(settings: ModelSettings) -> None:
    engine = Engine()
    async with checking(engine, settings) as check:
        await sizes(engine, 6)
        engine.compute = lambda inputs: inputs["x"] * 3
        async with asyncio.timeout(60):
            termination = await check
    assert termination.reason == "GoldenSetFailed"
    assert "checked again while serving: golden set failed" in termination.message
    # What counts is the whole of it, in slices as when the model was loaded.
    assert engine.sizes[-2:] == [4, 2]


async def test_what_differs_by_itself_alone_passes(settings: ModelSettings) -> None:
    engine = Engine()
    engine.compute = lambda inputs: inputs["x"] * (2 if len(inputs["x"]) > 1 else 3)
    async with checking(engine, settings) as check:
        assert await sizes(engine, 16) == [*[1] * 6, 4, 2, *[1] * 6, 4, 2]
        assert not check.done()


async def test_one_that_fails_to_compute_fails(settings: ModelSettings) -> None:
    engine = Engine()

    def fails(_: Tensors) -> None:
        raise InferenceFailedError("no such kernel")

    engine.compute = fails
    async with checking(engine, settings) as check, asyncio.timeout(60):
        assert "no such kernel" in (await check).message


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"damaged")])
async def test_a_golden_set_that_cannot_be_read_says_nothing(
    settings: ModelSettings, damage: Callable[[Path], Any]
) -> None:
    engine = Engine()
    assert settings.golden is not None
    damage(settings.artifact_directory / settings.golden.sha256)
    async with checking(engine, settings) as check:
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not check.done()
        assert engine.sizes == []


@pytest.mark.parametrize("change", [{"golden": None}, {"golden_every_s": 0}])
async def test_off(settings: ModelSettings, change: dict[str, Any]) -> None:
    engine = Engine()
    async with checking(engine, settings.model_copy(update=change)) as check:
        await asyncio.sleep(0.05)
        assert not check.done()
        assert engine.sizes == []


async def test_takes_a_small_share_of_the_time(settings: ModelSettings) -> None:
    engine, spent_s = Engine(), 0.0
    clock = asyncio.get_running_loop().time

    def slow(inputs: Tensors) -> Any:
        nonlocal spent_s
        begun = clock()
        while clock() - begun < 0.01:
            pass
        spent_s += clock() - begun
        return inputs["x"] * 2

    engine.compute = slow
    begun = clock()
    async with checking(engine, settings):
        await sizes(engine, 7)
        share = spent_s / (clock() - begun)
    # The last one's rest has not been yet.
    assert share < 2 * SHARE
