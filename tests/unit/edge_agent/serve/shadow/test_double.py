import asyncio
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from perigee_api.golden import GoldenMetric
from perigee_edge.serve.counting import ShadowOutcome
from perigee_edge.serve.engine.interface import (
    InferenceFailedError,
    InterruptedRunError,
    Interruption,
)
from perigee_edge.serve.settings import GoldenSettings
from perigee_edge.serve.shadow.double import Double, answer_all
from perigee_edge.serve.shadow.wire import Pair, encode, encode_stop, read_outcome
from perigee_edge.serve.tensors import Datatype, Tensors, TensorSpec

WITHIN_S = 30
SCORES = np.array([[0.1, 0.9], [0.8, 0.2]], "f4")


class Session:
    """Answers as a test says."""

    platform = "test"

    def __init__(self, run: Callable[[Tensors], Tensors]) -> None:
        self.inputs = [TensorSpec("x", Datatype.FP32, (None, 2))]
        self.outputs = [TensorSpec("y", Datatype.FP32, (None, 2))]
        self.run = run


def double(run: Callable[[Tensors], Tensors], threshold: float = 0.98, **more: Any) -> Double:
    metric = more.get("metric", GoldenMetric.AGREEMENT)
    golden = GoldenSettings(sha256="0" * 64, metric=metric, threshold=threshold)
    return Double(Session(run), golden, 8, refuse_non_finite=False)


def failing(_: Tensors) -> Tensors:
    raise InferenceFailedError("broken")


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (lambda inputs: {"y": inputs["x"]}, ShadowOutcome.AGREED),
        (lambda inputs: {"y": inputs["x"] * 3}, ShadowOutcome.AGREED),
        (lambda inputs: {"y": 1 - inputs["x"]}, ShadowOutcome.DIFFERED),
        (lambda inputs: {"y": inputs["x"][:, :1]}, ShadowOutcome.DIFFERED),
        (lambda inputs: {"z": inputs["x"]}, ShadowOutcome.DIFFERED),
        (lambda inputs: {"y": inputs["x"][:1]}, ShadowOutcome.DIFFERED),
        (failing, ShadowOutcome.FAILED),
    ],
    ids=["same", "same classes", "other", "shape", "name", "too few", "failing"],
)
def test_outcomes(run: Callable[[Tensors], Tensors], outcome: ShadowOutcome) -> None:
    assert double(run).outcome(Pair({"x": SCORES}, {"y": SCORES}), Interruption()) is outcome


@pytest.mark.parametrize(("threshold", "agrees"), [(0.5, True), (0.51, False)])
def test_of_a_mask_the_share_of_pixels_decides(threshold: float, agrees: bool) -> None:  # noqa: FBT001
    other = np.array([[0.1, 0.9], [0.2, 0.8]], "f4")
    one = double(lambda _: {"y": other}, threshold)
    outcome = one.outcome(Pair({"x": SCORES}, {"y": SCORES}), Interruption())
    assert (outcome is ShadowOutcome.AGREED) is agrees


@pytest.mark.parametrize(("difference", "agrees"), [(0.009, True), (0.011, False)])
def test_of_other_numbers_the_largest_difference_decides(difference: float, agrees: bool) -> None:  # noqa: FBT001
    metric = GoldenMetric.MAX_ABSOLUTE_ERROR
    one = double(lambda _: {"y": SCORES + np.float32(difference)}, 0.01, metric=metric)
    outcome = one.outcome(Pair({"x": SCORES}, {"y": SCORES}), Interruption())
    assert (outcome is ShadowOutcome.AGREED) is agrees


def test_inputs_that_the_candidate_does_not_take_have_failed() -> None:
    one = double(lambda inputs: {"y": inputs["x"]})
    pair = Pair({"x": SCORES.astype("f8")}, {"y": SCORES})
    assert one.outcome(pair, Interruption()) is ShadowOutcome.FAILED


class Slow(Session):
    """Computes until it is interrupted."""

    def __init__(self) -> None:
        super().__init__(lambda inputs: {"y": inputs["x"]})
        self.begun, self.asked = threading.Event(), threading.Event()

    def run_unless(self, _: Tensors, interruption: Interruption) -> Tensors:
        interruption.ends(self.asked.set)
        self.begun.set()
        assert self.asked.wait(WITHIN_S)
        raise InterruptedRunError


async def test_what_is_asked_to_stop_is_left_unfinished(ends: Any) -> None:
    own, candidate = ends
    golden = GoldenSettings(sha256="0" * 64, metric=GoldenMetric.AGREEMENT, threshold=1)
    slow = Slow()
    one = Double(slow, golden, 8, refuse_non_finite=False)
    work = answer_all(one, candidate.reader, candidate.writer, asyncio.Event())
    answering = asyncio.create_task(work)
    own.writer.writelines(encode(Pair({"x": SCORES}, {"y": SCORES})))
    assert await asyncio.to_thread(slow.begun.wait, WITHIN_S)
    own.writer.writelines(encode_stop())
    assert await read_outcome(own.reader) is ShadowOutcome.DROPPED
    own.writer.close()
    await asyncio.wait_for(answering, WITHIN_S)


async def test_one_after_the_other_is_answered_until_it_is_over(ends: Any) -> None:
    own, candidate = ends
    over = asyncio.Event()
    one = double(lambda inputs: {"y": inputs["x"]})
    answering = asyncio.create_task(answer_all(one, candidate.reader, candidate.writer, over))
    for _ in range(3):
        own.writer.writelines(encode(Pair({"x": SCORES}, {"y": SCORES})))
        assert await read_outcome(own.reader) is ShadowOutcome.AGREED
    own.writer.writelines(encode_stop())  # it comes too late, and stops nothing
    own.writer.writelines(encode(Pair({"x": SCORES}, {"y": 1 - SCORES})))
    assert await read_outcome(own.reader) is ShadowOutcome.DIFFERED
    over.set()
    await asyncio.wait_for(answering, WITHIN_S)


async def test_nonsense_ends_it(ends: Any) -> None:
    own, candidate = ends
    one = double(lambda inputs: {"y": inputs["x"]})
    work = answer_all(one, candidate.reader, candidate.writer, asyncio.Event())
    answering = asyncio.create_task(work)
    own.writer.write(b"\xff" * 40)
    await asyncio.wait_for(answering, WITHIN_S)
