"""Asks for what is due, many at a time, and never keeps the planner waiting."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final, NoReturn, Protocol
from weakref import WeakValueDictionary

from perigee_operator.domain.analysis.record import Measurement, all_measured, source_down
from perigee_operator.domain.rollout.questions import Question
from perigee_operator.services.measurements.book import MeasurementBook, Watched
from perigee_operator.services.measurements.prometheus import SourceDownError

AT_ONCE: Final = 4
"""Questions to one server. One that hangs keeps others to itself waiting, and nobody else."""
SHORTEST_S: Final = 0.2
"""Between two looks at what is due."""


class Source(Protocol):
    """Who is asked: `perigee_operator.services.measurements.prometheus.Prometheus`."""

    async def values(self, address: str, query: str) -> list[float]:
        """The values that a query gives now.

        Raises:
            SourceDownError: there is no answer.
        """


async def measure(book: MeasurementBook, source: Source, now: Callable[[], datetime]) -> NoReturn:
    """Measures whatever is due, until cancelled."""
    gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def ask(watched: Watched, question: Question, gate: asyncio.Semaphore) -> None:
        async with gate:
            book.note(watched, await _measured(source, question, now))

    async with asyncio.TaskGroup() as group:
        while True:
            book.wanted.clear()
            for watched, question in book.due():
                gate = gates.setdefault(question.address, asyncio.Semaphore(AT_ONCE))
                group.create_task(ask(watched, question, gate))
            await _pause(book)


async def _measured(source: Source, question: Question, now: Callable[[], datetime]) -> Measurement:
    try:
        values = await source.values(question.address, question.query)
    except SourceDownError as error:
        return source_down(_whole(now()), str(error))
    return all_measured(question.metric, values, _whole(now()))


def _whole(moment: datetime) -> datetime:
    """In seconds, as the status keeps it."""
    return moment.replace(microsecond=0)


async def _pause(book: MeasurementBook) -> None:
    await asyncio.sleep(SHORTEST_S)
    try:
        async with asyncio.timeout(book.next_due_s()):
            await book.wanted.wait()
    except TimeoutError:
        return
