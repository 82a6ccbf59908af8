"""The book and its rounds, with a source in the same process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from paper_fleet.intents import START, model_spec
from paper_fleet.views import model_view
from perigee_api.inference_model import InferenceModelStatus, RolloutStatus
from perigee_operator.domain.analysis.job_outcome import Look
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.record import Record, measured
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.measuring_job import JobOrder
from perigee_operator.domain.rollout.metric_status import begun
from perigee_operator.domain.rollout.metrics import defined, metrics_of
from perigee_operator.services.measurements import measuring
from perigee_operator.services.measurements.book import MeasurementBook, Ordered
from perigee_operator.services.measurements.measuring import AT_ONCE, measure
from perigee_operator.services.measurements.prometheus import SourceDownError

HANGS = "http://hangs"
ANSWERS = "http://answers"


class PlayedSource:
    """Counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.hanging = 0
        self.value: float | None = 0.5

    async def values(self, address: str, query: str) -> list[float]:
        self.asked.append(query)
        if address == HANGS:
            self.hanging += 1
            await asyncio.Event().wait()
        if self.value is None:
            raise SourceDownError("refused")
        return [self.value]


class PlayedRunner:
    """Jobs that run until they are told what they say."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        """Of the measurement that each look was for."""
        self.says: float | None = None
        self.looked = asyncio.Event()

    async def has_looked(self) -> None:
        async with asyncio.timeout(60):
            await self.looked.wait()
        self.looked.clear()

    async def look(self, metric: Metric, order: JobOrder, record: Record, now: datetime) -> Look:
        self.numbers.append(record.conclusive + 1)
        self.looked.set()
        assert order.cron_job.name == "acceptance"
        if self.says is None:
            return Look(again_s=3)
        return Look(measured(metric, self.says, now))


class Scene:
    """A book that is measured for, at a time that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = START
        self.changed = asyncio.Event()
        self.book = MeasurementBook(lambda: self.now, on_change=self.changed.set)
        self.source = PlayedSource()
        self.runner = PlayedRunner()

    def record(self, model: ModelView) -> Record:
        ((_, record),) = self.book.of([model])[model.uid].items()
        return record

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.book.wanted.set()

    async def until_changed(self) -> None:
        async with asyncio.timeout(60):
            await self.changed.wait()
        self.changed.clear()


@asynccontextmanager
async def measuring_scene() -> AsyncIterator[Scene]:
    scene = Scene()
    work = measure(scene.book, scene.source, scene.runner, lambda: scene.now)
    task = asyncio.create_task(work)
    try:
        yield scene
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


JOB = {"job": {"cronJob": "acceptance"}}


def model(name: str = "m", address: str = ANSWERS, source: Any = None, **more: Any) -> ModelView:
    """A model of which one metric is to be measured from `START` on."""
    metric = {
        "name": "errors",
        **(source or {"prometheus": {"address": address, "query": f"of {name}"}}),
        "successCondition": "value < 1",
        "interval": 10,
        "count": 5,
        **more,
    }
    spec = model_spec(steps=[{"analysis": {"metrics": [metric]}}])
    (written,) = metrics_of(spec.rollout.steps[0])
    rollout = RolloutStatus(
        candidate="b",
        started=START,
        step_started=START,
        analysis=[begun(0, defined(written), START)],
    )
    status = InferenceModelStatus(stable_revision="a", rollout=rollout)
    return model_view(spec, name=name, uid=name, status=status)


async def test_what_the_status_says_is_measured() -> None:
    async with measuring_scene() as scene:
        assert scene.record(model()).conclusive == 0
        await scene.until_changed()
        assert scene.record(model()).passes == 1
        scene.source.value = None
        scene.pass_time(10)
        await scene.until_changed()
        last = scene.record(model()).last
        assert last is not None
        assert last.fault == "refused"


async def test_what_is_not_due_is_not_asked() -> None:
    async with measuring_scene() as scene:
        scene.book.of([model()])
        await scene.until_changed()
        scene.pass_time(9)
        await asyncio.sleep(3 * measuring.SHORTEST_S)
        assert len(scene.source.asked) == 1
        assert scene.book.next_due_s() == 1


async def test_a_source_that_hangs_stops_nobody() -> None:
    async with measuring_scene() as scene:
        hanging = [model(f"h{number}", HANGS) for number in range(3 * AT_ONCE)]
        scene.book.of([*hanging, model()])
        await scene.until_changed()
        assert scene.source.hanging == AT_ONCE
        assert scene.book.of([*hanging, model()])["m"]
        scene.pass_time(60)
        await scene.until_changed()
        assert scene.source.asked.count("of m") == 2
        assert scene.source.hanging == AT_ONCE, "none is asked twice at once"


def test_rollouts_that_have_ended_are_forgotten() -> None:
    book = MeasurementBook(lambda: START)
    assert book.of([model()]).keys() == {"m"}
    (due,) = book.due()
    assert book.of([model_view(name="m", uid="m")]) == {}
    scene = Scene()
    assert scene.book.next_due_s() is None
    assert book.due() == []
    assert due.watched[0] == "m"


def test_a_metric_that_was_changed_is_not_asked_by_its_old_record() -> None:
    book = MeasurementBook(lambda: START)
    before, after = model(), model(failureLimit=3)
    stale = model_view(after.spec, name="m", uid="m", status=before.status)
    assert book.of([stale]) == {}


async def test_a_job_is_looked_at_until_it_says_something() -> None:
    async with measuring_scene() as scene:
        jobs = model(source=JOB)
        scene.book.of([jobs])
        await scene.runner.has_looked()
        assert scene.record(jobs).last is None
        scene.runner.says = 0.5
        scene.pass_time(3)
        await scene.until_changed()
        assert scene.record(jobs).passes == 1
        scene.pass_time(10)
        await scene.runner.has_looked()
        await scene.runner.has_looked()
    assert scene.runner.numbers == [1, 1, 2]


def test_jobs_of_a_rollout_that_has_ended_are_not_ordered_any_more() -> None:
    book = MeasurementBook(lambda: START)
    assert book.ordered() == Ordered(frozenset(), {})
    book.of([model(source=JOB), model("other")])
    ordered = book.ordered()
    assert ordered.models == {"m", "other"}
    assert list(ordered.written.values()) == [0]
    book.of([model_view(name="m", uid="m")])
    assert book.ordered() == Ordered(frozenset({"m"}), {})
