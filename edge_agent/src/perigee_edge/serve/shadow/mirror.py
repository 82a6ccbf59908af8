"""The stable revision's side: hands some requests on once they are answered, and counts.

Nobody who asks pays for it. One request waits to be handed on, at most; it is handed on only while
no other is under way; one that comes meanwhile has the candidate stop; and between two of them is a
rest, so that they take no more than a twentieth of the time.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from perigee_edge.serve.counting import ShadowOutcome
from perigee_edge.serve.shadow.wire import Pair, WireError, encode, encode_stop, read_outcome
from perigee_edge.serve.tensors import Tensors

_log = structlog.get_logger(__name__)

SHARE: Final = 0.05
"""Of the time, at most."""
LEAST_REST_S: Final = 0.1
"""Of a candidate that answers at once no more than ten requests a second are asked."""
ANSWER_S: Final = 60.0
"""A candidate that has not answered by then has failed."""
STOP_S: Final = 2.0
"""And so has one that was asked to stop and does not."""
SILENCE_S: Final = 600.0
"""For so long nothing is handed on after that: what does not stop takes the engine's time."""

Count = Callable[[ShadowOutcome], None]
"""Is told what came of a request that was to be handed on."""


@dataclass(frozen=True, slots=True)
class _Link:
    percent: int
    count: Count


class Mirror:
    """What of the requests of one server is handed on; used in the event loop only."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        """Nothing is handed on before `over`.

        Args:
            chance: Between 0 and 1, for each request.
        """
        self._chance = chance
        self._link: _Link | None = None
        self._under_way = 0
        self._waiting: Pair | None = None
        self._changed = asyncio.Event()
        self._busy = asyncio.Event()
        """Set while a request is under way."""
        self._rested_s = 0.0
        """When the next one may be handed on, on the event loop's clock."""

    def arrived(self) -> None:
        """A request begins."""
        self._under_way += 1
        self._busy.set()

    def left(self) -> None:
        """A request is answered, or its client has gone."""
        self._under_way -= 1
        if not self._under_way:
            self._busy.clear()
            self._changed.set()

    def answered(self, inputs: Tensors, outputs: Tensors) -> None:
        """A request has got its outputs: it may be one that is handed on."""
        link = self._link
        if link is None or self._chance() * 100 >= link.percent:
            return
        pair = Pair(inputs, outputs)
        if self._waiting is not None or not pair.can_be_sent:
            link.count(ShadowOutcome.DROPPED)
            return
        self._waiting = pair
        self._changed.set()

    async def over(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        percent: int,
        count: Count,
    ) -> None:
        """Hand requests on to a candidate until it is gone, or this is cancelled.

        Args:
            reader: From the candidate's server.
            writer: To it.
            percent: Share of the requests.
            count: Is told what comes of each of these.
        """
        self._link = _Link(percent, count)
        loop = asyncio.get_running_loop()
        hearing = asyncio.ensure_future(read_outcome(reader))
        try:
            while (pair := await self._next(hearing)) is not None:
                begun_s = loop.time()
                outcome = await self._handed_on(pair, hearing, writer)
                count(outcome)
                rest_s = max(LEAST_REST_S, (loop.time() - begun_s) * (1 / SHARE - 1))
                self._rested_s = loop.time() + rest_s
                hearing = asyncio.ensure_future(read_outcome(reader))
        except (OSError, WireError) as error:
            count(ShadowOutcome.FAILED)
            _log.warning("the candidate beside this server does not answer", why=str(error))
        finally:
            self._link = self._waiting = None
            hearing.cancel()
            with suppress(asyncio.CancelledError, OSError, WireError):
                await hearing

    async def _next(self, hearing: "asyncio.Future[ShadowOutcome]") -> Pair | None:
        """What waits, once it may be handed on and nothing is under way; None: nobody is there.

        Nothing has been asked: all that can be heard is that the candidate is gone.
        """
        loop = asyncio.get_running_loop()
        while not hearing.done():
            rest_s = self._rested_s - loop.time()
            if rest_s > 0:
                await asyncio.wait({hearing}, timeout=rest_s)
                continue
            if self._waiting is not None and not self._under_way:
                pair, self._waiting = self._waiting, None
                return pair
            self._changed.clear()
            changed = asyncio.ensure_future(self._changed.wait())
            await _first(hearing, changed)
            changed.cancel()
        return None

    async def _handed_on(
        self, pair: Pair, hearing: "asyncio.Future[ShadowOutcome]", writer: asyncio.StreamWriter
    ) -> ShadowOutcome:
        """What comes of it.

        Raises:
            OSError: The candidate is gone, or silent (TimeoutError).
            WireError: It says something else.
        """
        writer.writelines(encode(pair))
        busy = asyncio.ensure_future(self._busy.wait())
        await _first(hearing, busy, within_s=ANSWER_S)
        if not hearing.done() and busy.done():
            writer.writelines(encode_stop())
            await asyncio.wait({hearing}, timeout=STOP_S)
        busy.cancel()
        if not hearing.done():
            self._rested_s = asyncio.get_running_loop().time() + SILENCE_S
            raise TimeoutError("it is silent, or does not stop")
        return hearing.result()


async def _first(*awaited: "asyncio.Future[Any]", within_s: float | None = None) -> None:
    await asyncio.wait(awaited, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
