"""The steady client: golden samples, one after the other, at a fixed rate."""

import asyncio
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import numpy as np
from numpy.typing import NDArray

from perigee_demo.artifacts.golden import agreement
from perigee_demo.artifacts.network import INPUT, OUTPUT
from perigee_demo.inference.call import call
from perigee_demo.inference.endpoints import EndpointDirectory, choose
from perigee_demo.inference.open_inference import Request, encode
from perigee_demo.traffic.counters import Counters, Outcome

CORRECT_AGREEMENT: Final = 0.95
"""Share of a tile's pixels at which an answer must agree with the golden one. A good revision in
another precision stays far above it on every single tile, a damaged one far below."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A request and the answer that a trusted network gives."""

    request: Request
    golden: NDArray[np.float32]


def read_samples(path: Path, model: str) -> tuple[Sample, ...]:
    """One sample for each in a golden set."""
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
        inputs, outputs = file[f"in.{INPUT}"], file[f"out.{OUTPUT}"]
    return tuple(
        Sample(encode(model, inputs[i : i + 1]), outputs[i : i + 1]) for i in range(len(inputs))
    )


class SteadyClient:
    """Sends at a fixed rate, whatever becomes of the requests, up to a bound.

    Args:
        http: what requests go through.
        directory: where they may go.
        samples: what is sent, by turns.
        rate_hz: requests a second.
        under_way: at most so many at once; beyond it a request is held back, not sent later.
        monotonic: seconds that only ever grow.
    """

    def __init__(  # noqa: PLR0913 - each is named where it is called
        self,
        http: httpx.AsyncClient,
        directory: EndpointDirectory,
        samples: tuple[Sample, ...],
        *,
        rate_hz: float,
        under_way: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters = Counters()
        self._http = http
        self._directory = directory
        self._samples = samples
        self._interval_s = 1 / rate_hz
        self._bound = under_way
        self._monotonic = monotonic
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Sends no more; `run` ends when what is under way has ended."""
        self._stopping.set()

    async def run(self) -> None:
        """Sends until `stop`."""
        under_way: set[asyncio.Task[None]] = set()
        start = self._monotonic()
        async with asyncio.TaskGroup() as group:
            turn = 0
            while not await self._stopped_by(start + turn * self._interval_s):
                if len(under_way) < self._bound:
                    self.counters.sent += 1
                    task = group.create_task(self._send(turn))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                else:
                    self.counters.held_back += 1
                turn += 1

    async def _stopped_by(self, moment: float) -> bool:
        """Waits until a moment, or until `stop`."""
        try:
            async with asyncio.timeout(max(0.0, moment - self._monotonic())):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    async def _send(self, turn: int) -> None:
        sample = self._samples[turn % len(self._samples)]
        began = self._monotonic()
        reply = await call(
            self._http,
            lambda tried: choose(self._directory.endpoints, turn, tried),
            sample.request,
        )
        self.counters.count(
            Outcome(
                satellite=reply.endpoint.node if reply.endpoint else None,
                revision=reply.answer.revision if reply.answer else None,
                correct=reply.answer is not None and _correct(reply.answer.output, sample.golden),
                duration_s=self._monotonic() - began,
                errors=reply.errors,
            )
        )


def _correct(output: NDArray[np.float32], golden: NDArray[np.float32]) -> bool:
    return output.shape == golden.shape and agreement(output, golden) >= CORRECT_AGREEMENT
