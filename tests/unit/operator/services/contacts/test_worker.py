"""The process that computes contacts: a real one."""

import asyncio
import os
import signal
from datetime import timedelta

import pytest

from paper_fleet.orbits import EPOCH, elements, station
from perigee_operator.domain.orbit.prediction import predicted
from perigee_operator.services.contacts.worker import Job, WorkerDiedError, WorkerProcess

JOB = Job((elements(), elements(node_deg=90.0)), (station(),), EPOCH, EPOCH + timedelta(hours=6))
LONG = Job(JOB.elements * 500, JOB.stations, EPOCH, EPOCH + timedelta(days=2))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_it_computes_what_this_process_would_and_a_new_one_follows_a_dead_one() -> None:
    expected = predicted(JOB.elements, JOB.stations, JOB.since, JOB.until)
    async with WorkerProcess() as worker:
        assert worker.pid is None
        assert await worker.compute(JOB) == expected
        pid = worker.pid
        assert pid is not None
        assert pid != os.getpid()
        os.kill(pid, signal.SIGINT)
        assert await worker.compute(JOB) == expected
        assert worker.pid == pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerDiedError):
            await worker.compute(JOB)
        assert await worker.compute(JOB) == expected
        last = worker.pid
        assert last is not None
    assert not is_alive(last)


async def test_one_that_dies_at_work_is_noticed() -> None:
    async with WorkerProcess() as worker:
        await worker.compute(JOB)
        pid = worker.pid
        assert pid is not None
        under_way = asyncio.create_task(worker.compute(LONG))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerDiedError):
            await under_way


async def test_an_answer_that_nobody_waits_for_any_more_is_not_taken_for_the_next() -> None:
    async with WorkerProcess() as worker:
        await worker.compute(JOB)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await worker.compute(LONG)
        assert len(await worker.compute(JOB)) == len(JOB.elements)
