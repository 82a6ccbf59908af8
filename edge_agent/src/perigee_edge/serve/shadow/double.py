"""The candidate's side: answers what is handed on to it, and compares with what was answered."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from perigee_edge.serve import golden, samples
from perigee_edge.serve.counting import ShadowOutcome
from perigee_edge.serve.engine.interface import (
    InferenceFailedError,
    InputRefusedError,
    InterruptedRunError,
    Interruptible,
    Interruption,
    Session,
)
from perigee_edge.serve.protocol.conformance import check_inputs
from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.settings import GoldenSettings
from perigee_edge.serve.shadow.wire import Pair, WireError, encode_outcome, read
from perigee_edge.serve.tensors import Tensors

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Double:
    """A loaded candidate, and how its answers are compared."""

    session: Session
    golden: GoldenSettings
    """By its metric and threshold two answers agree or do not."""
    max_samples: int
    """That are computed at once."""
    refuse_non_finite: bool

    def outcome(self, pair: Pair, interruption: Interruption) -> ShadowOutcome:
        """Compute the candidate's answer and compare; not in the event loop's thread."""
        try:
            check_inputs(pair.inputs, self.session.inputs, refuse_non_finite=self.refuse_non_finite)
            outputs = self._computed(pair.inputs, interruption)
            wanted = self.golden
            verdict = golden.compare(outputs, pair.outputs, wanted.metric, wanted.threshold)
        except InterruptedRunError:
            return ShadowOutcome.DROPPED
        except golden.OutputsDifferError as error:
            _log.warning("answers cannot be compared", why=str(error))
            return ShadowOutcome.DIFFERED
        except (
            RequestError,
            InputRefusedError,
            InferenceFailedError,
            samples.SamplesMismatchError,
        ) as error:
            _log.warning("a request that was handed on failed", why=str(error))
            return ShadowOutcome.FAILED
        return ShadowOutcome.AGREED if verdict.passed else ShadowOutcome.DIFFERED

    def _computed(self, inputs: Tensors, interruption: Interruption) -> Tensors:
        session, run = self.session, self.session.run
        if isinstance(session, Interruptible):
            run = partial(session.run_unless, interruption=interruption)
        if not samples.counts_samples(session.inputs, session.outputs):
            return run(inputs)
        return samples.run_in_slices(run, inputs, self.max_samples)


async def answer_all(
    double: Double, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event
) -> None:
    """Answer one request after the other until the other side leaves, or it is over.

    What has been begun by then is finished: who waits for it would take silence for a failure.
    """
    ending = asyncio.ensure_future(over.wait())
    reading = asyncio.ensure_future(read(reader))
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="shadow") as thread:
            while True:
                await asyncio.wait({ending, reading}, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    return
                pair = reading.result()
                reading = asyncio.ensure_future(read(reader))
                if pair is None:  # it was finished before it could be stopped
                    continue
                outcome = await _unless_stopped(partial(double.outcome, pair), reading, thread)
                writer.write(encode_outcome(outcome))
                await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        return
    except WireError as error:
        _log.error("what is handed on is unintelligible", why=str(error))
    finally:
        for task in (ending, reading):
            task.cancel()
        with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError, WireError):
            await reading


async def _unless_stopped(
    compute: Callable[[Interruption], ShadowOutcome],
    reading: "asyncio.Future[Pair | None]",
    thread: ThreadPoolExecutor,
) -> ShadowOutcome:
    """The outcome; whatever is heard meanwhile, an end included, asks for it to be stopped."""
    interruption = Interruption()
    loop = asyncio.get_running_loop()
    computing = loop.run_in_executor(thread, compute, interruption)
    either: set[asyncio.Future[Any]] = {computing, reading}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not computing.done():
        interruption.ask()
    return await computing
