"""Asks for what is due, many at a time, and never keeps the planner waiting."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final, NoReturn, Protocol
from weakref import WeakValueDictionary

from perigee_operator.domain.analysis.job_outcome import Look
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.record import Record, all_measured, source_down
from perigee_operator.domain.rollout.measuring_job import JobOrder
from perigee_operator.domain.rollout.questions import Query
from perigee_operator.services.measurements.book import Due, MeasurementBook
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


class Runner(Protocol):
    """Who runs Jobs: `perigee_operator.services.measurements.jobs.Jobs`."""

    async def look(self, metric: Metric, order: JobOrder, record: Record, now: datetime) -> Look:
        """Looks at the Job of the next measurement, which is made where there is none."""


async def measure(
    book: MeasurementBook, source: Source, runner: Runner, now: Callable[[], datetime]
) -> NoReturn:
    """Measures whatever is due, until cancelled."""
    gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def ask(due: Due, gate: asyncio.Semaphore) -> None:
        async with gate:
            found = await _found(source, runner, due, now)
            book.note(due.watched, found.measurement, found.again_s)

    async with asyncio.TaskGroup() as group:
        while True:
            book.wanted.clear()
            for due in book.due():
                gate = gates.setdefault(_gate(due), asyncio.Semaphore(AT_ONCE))
                group.create_task(ask(due, gate))
            await _pause(book)


async def _found(source: Source, runner: Runner, due: Due, now: Callable[[], datetime]) -> Look:
    metric = due.question.metric
    match due.question.source:
        case JobOrder() as order:
            return await runner.look(metric, order, due.record, _whole(now()))
        case Query(address, text):
            try:
                values = await source.values(address, text)
            except SourceDownError as error:
                return Look(source_down(_whole(now()), str(error)))
            return Look(all_measured(metric, values, _whole(now())))


def _gate(due: Due) -> str:
    """Whose turn it is: each Prometheus server has its own, and all Jobs have one."""
    source = due.question.source
    return source.address if isinstance(source, Query) else ""


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
