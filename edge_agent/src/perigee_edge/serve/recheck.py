"""The golden set once more, beside requests: whether what serves still computes what it should.

Memory on board is hit by radiation, and a network with flipped bits answers as fast as a sound
one. Each sample is a request like any other, in the same queue; between two of them is a rest that
keeps the share of the engine's time small.
"""

import asyncio
from collections.abc import Iterator
from typing import Final

import numpy as np
import structlog

from perigee_api.termination import Termination, TerminationReason
from perigee_edge.serve import artifact, golden
from perigee_edge.serve.batching import Batcher, QueueFullError
from perigee_edge.serve.engine.interface import InferenceFailedError, InputRefusedError
from perigee_edge.serve.samples import counts_samples
from perigee_edge.serve.served_model import Running
from perigee_edge.serve.settings import GoldenSettings, ModelSettings
from perigee_edge.serve.tensors import Tensors

_log = structlog.get_logger(__name__)

SHARE: Final = 0.05
"""Of the engine's time, at most."""

_MESSAGE_CHARACTERS: Final = 1000


async def until_golden_set_fails(running: Running, settings: ModelSettings) -> Termination:
    """Run the golden set again and again; returns only once it fails.

    A golden set that cannot be read says nothing about the model: it is passed over until it can.
    """
    if settings.golden is None or not settings.golden_every_s:
        await asyncio.Event().wait()
    while True:
        await asyncio.sleep(settings.golden_every_s)
        if settings.golden and (failure := await _failure(running, settings, settings.golden)):
            message = f"checked again while serving: {failure}"[:_MESSAGE_CHARACTERS]
            return Termination(reason=TerminationReason.GOLDEN_SET_FAILED, message=message)


async def _failure(running: Running, settings: ModelSettings, wanted: GoldenSettings) -> str | None:
    """Why it fails; None if it passes, or if nothing can be said now."""
    try:
        path = await asyncio.to_thread(
            artifact.verified, settings.artifact_directory, wanted.sha256
        )
        golden_set = await asyncio.to_thread(golden.read_golden_set, path)
    except (artifact.ArtifactMissingError, golden.GoldenSetUnreadableError) as error:
        _log.error("golden set not checked again", why=str(error))
        return None
    try:
        outputs = await _computed(running, golden_set.inputs)
        verdict = golden.compare(outputs, golden_set.outputs, wanted.metric, wanted.threshold)
        if not verdict.passed:
            # By itself a sample may come out a little different: what counts is as at the start.
            outputs = await running.batcher.infer(golden_set.inputs)
            verdict = golden.compare(outputs, golden_set.outputs, wanted.metric, wanted.threshold)
    except QueueFullError:
        _log.info("golden set not checked again", why="the queue is full")
        return None
    except (InputRefusedError, InferenceFailedError, golden.OutputsDifferError) as error:
        return str(error)
    _log.info("checked again", passed=verdict.passed, value=verdict.value)
    return None if verdict.passed else verdict.sentence


async def _computed(running: Running, inputs: Tensors) -> Tensors:
    session = running.session
    if not counts_samples(session.inputs, session.outputs):
        return await running.batcher.infer(inputs)
    parts = [await _unhurried(running.batcher, sample) for sample in _samples(inputs)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


async def _unhurried(batcher: Batcher, sample: Tensors) -> Tensors:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    outputs = await batcher.infer(sample)
    await asyncio.sleep((loop.time() - begun) * (1 / SHARE - 1))
    return outputs


def _samples(inputs: Tensors) -> Iterator[Tensors]:
    count = len(next(iter(inputs.values())))
    for index in range(count):
        yield {name: array[index : index + 1] for name, array in inputs.items()}
