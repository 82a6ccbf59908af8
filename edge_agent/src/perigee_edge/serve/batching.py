"""Requests wait for each other, up to a deadline, so that the engine runs them together."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import structlog

from perigee_edge.serve import samples
from perigee_edge.serve.engine.interface import InferenceFailedError, InputRefusedError, Session
from perigee_edge.serve.tensors import Tensors

_log = structlog.get_logger(__name__)

_SMOOTHING: Final = 0.2
"""Weight of the newest batch in the running average of its duration."""


class QueueFullError(Exception):
    """No room to wait in.

    Attributes:
        retry_after_s: When room may be expected.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"the queue is full; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class BatchingOptions:
    """How long requests wait, and for how many others."""

    max_size: int
    """Samples the engine runs at once; a request with more is run in slices."""
    max_delay_s: float
    """How long the oldest request waits for others."""
    max_waiting: int
    """Requests in the queue; those that the engine is running are not counted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    inputs: Tensors
    samples: int
    signature: tuple[object, ...]
    arrived: float
    """On the event loop's clock."""
    answer: asyncio.Future[Tensors]


class Batcher:
    """A queue before one session; its batches run one after the other in a thread.

    Where axis 0 does not count samples, every request is a batch of its own.
    """

    def __init__(
        self,
        session: Session,
        options: BatchingOptions,
        on_batch: Callable[[int, float], None],
    ) -> None:
        """Nothing runs before `run` does.

        Args:
            session: What computes.
            options: Size, delay, bound.
            on_batch: Told the samples of each batch and how many seconds it took.
        """
        self._session = session
        self._options = options
        self._on_batch = on_batch
        self._together = samples.counts_samples(session.inputs, session.outputs)
        self._waiting: deque[_Waiting] = deque()
        self._changed = asyncio.Event()
        self._batch_s = 0.0
        self._busy_since: float | None = None

    @property
    def busy_s(self) -> float:
        """How long the batch that is computed now has taken so far; 0 if there is none."""
        return 0.0 if self._busy_since is None else time.perf_counter() - self._busy_since

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting)

    async def infer(self, inputs: Tensors) -> Tensors:
        """The outputs for inputs that conform to what the model declares.

        A caller that is cancelled while it waits leaves the queue, and is not computed.

        Raises:
            QueueFullError: Too many wait already.
            InputRefusedError: The engine finds fault with the inputs.
            InferenceFailedError: The engine failed.
        """
        if len(self._waiting) >= self._options.max_waiting:
            raise QueueFullError(self._retry_after_s())
        count = self._counted(inputs)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(
            inputs, count, samples.signature(inputs), loop.time(), loop.create_future()
        )
        self._waiting.append(waiting)
        self._changed.set()
        try:
            return await waiting.answer
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._changed.set()

    async def run(self) -> None:
        """Serve the queue until cancelled."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine") as thread:
            while True:
                await self._until_due()
                batch = self._taken()
                if not batch:
                    continue
                self._busy_since = started = time.perf_counter()
                outcomes = await loop.run_in_executor(thread, self._computed, batch)
                self._busy_since = None
                self._note(sum(each.samples for each in batch), time.perf_counter() - started)
                for waiting, outcome in zip(batch, outcomes, strict=True):
                    _settle(waiting.answer, outcome)

    def _counted(self, inputs: Tensors) -> int:
        if not self._together:
            return 1
        count = samples.sample_count(inputs)
        if not count:
            raise InputRefusedError(
                "axis 0 counts samples: it must be at least 1, and the same for every input"
            )
        return count

    async def _until_due(self) -> None:
        while not self._waiting:
            await self._change()
        due = self._waiting[0].arrived + self._options.max_delay_s
        try:
            async with asyncio.timeout_at(due):
                while self._waiting and self._worth_waiting():
                    await self._change()
        except TimeoutError:
            return

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _sizes(self) -> list[tuple[int, tuple[object, ...]]]:
        return [(each.samples, each.signature) for each in self._waiting]

    def _worth_waiting(self) -> bool:
        return self._together and not samples.is_full(self._sizes(), self._options.max_size)

    def _taken(self) -> list[_Waiting]:
        count = samples.fitting(self._sizes(), self._options.max_size) if self._together else 1
        return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def _computed(self, batch: Sequence[_Waiting]) -> list[Tensors | Exception]:
        """In the engine's thread."""
        if self._together:
            try:
                outputs = samples.run_in_slices(
                    self._session.run,
                    samples.joined([each.inputs for each in batch]),
                    self._options.max_size,
                )
                return list(samples.taken_apart(outputs, [each.samples for each in batch]))
            except samples.SamplesMismatchError as error:
                self._together = False
                _log.warning("the model does not work by samples, batching is off", why=str(error))
            except (InputRefusedError, InferenceFailedError) as error:
                if len(batch) == 1:
                    return [error]
        # One request must not fail the others.
        return [self._computed_alone(each) for each in batch]

    def _computed_alone(self, waiting: _Waiting) -> Tensors | Exception:
        try:
            if not self._together:
                return self._session.run(waiting.inputs)
            return samples.run_in_slices(self._session.run, waiting.inputs, self._options.max_size)
        except (InputRefusedError, InferenceFailedError) as error:
            return error

    def _note(self, count: int, duration_s: float) -> None:
        self._batch_s += (duration_s - self._batch_s) * (_SMOOTHING if self._batch_s else 1)
        self._on_batch(count, duration_s)

    def _retry_after_s(self) -> int:
        """How long the queue takes to empty, if every batch holds one request; 1 at least."""
        return max(1, math.ceil(len(self._waiting) * self._batch_s))


def _settle(answer: asyncio.Future[Tensors], outcome: Tensors | Exception) -> None:
    if answer.done():  # its client has gone
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
