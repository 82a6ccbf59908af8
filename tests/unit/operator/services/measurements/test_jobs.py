"""Jobs that measure, on an API server of a test's own that also plays the Jobs' controller."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from paper_fleet.intents import START, model_spec
from paper_fleet.views import model_view
from perigee_api import names
from perigee_api.analysis import AnalysisMetric
from perigee_api.inference_model import InferenceModelStatus, RolloutStatus
from perigee_operator.domain.analysis.job_outcome import HELD_UP_AGAIN_S, RETRY_S, Look
from perigee_operator.domain.analysis.record import Record, Result
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.kinds import CRON_JOB, JOB, POD
from perigee_operator.domain.rollout.measuring_job import KEPT, JobOrder
from perigee_operator.domain.rollout.metric_status import begun
from perigee_operator.domain.rollout.metrics import defined
from perigee_operator.domain.rollout.questions import questions
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.services.measurements.book import MeasurementBook
from perigee_operator.services.measurements.jobs import Jobs, keep_tidy
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.faults import FaultPoint, Moment
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.scope import Listing, Scope

METRIC: dict[str, Any] = {
    "name": "accepted",
    "job": {"cronJob": "acceptance"},
    "interval": 10,
    "count": 6,
}
PASSES, FAILS = {"exitCode": 0}, {"exitCode": 1}
NO_MEMORY = {"exitCode": 137, "reason": "OOMKilled"}


class DiedError(Exception):
    """The operator is dead."""


def die() -> None:
    raise DiedError


class PlayedApi:
    """Jobs take a second, and end as a test has said."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.objects: dict[ObjectKey, dict[str, Any]] = {}
        self.made: Counter[str] = Counter()
        """How often a Job of that name was made."""
        self.ends: Callable[[int], dict[str, Any]] = lambda _: PASSES
        """How the container ends in the measurement of that number."""
        self.fault: Exception | None = None
        """What every call meets, if anything."""
        self.listings = 0
        labels = {names.ANALYSIS_LABEL: "true"}
        pod = {"spec": {"containers": [{"name": "test"}]}}
        self.objects[ObjectKey(CRON_JOB, "acceptance", "default")] = {
            "metadata": {"name": "acceptance", "labels": labels},
            "spec": {"jobTemplate": {"spec": {"template": pod}}},
        }

    async def get(self, key: ObjectKey) -> Json:
        self._meet()
        if key not in self.objects:
            raise ApiError(404, "NotFound", key.name)
        return self._as_it_is(self.objects[key])

    async def list(self, scope: Scope) -> Listing:
        self._meet()
        self.listings += 1
        jobs = [item for key, item in self.objects.items() if key.kind == JOB]
        if scope.kind == POD:
            assert scope.namespace == "default"
            _, _, uid = (scope.label_selector or "").partition("=")
            items = [self._pod(job) for job in jobs if job["metadata"]["uid"] == uid]
            return Listing(tuple(pod for pod in items if pod), "1")
        assert (scope.label_selector, scope.namespace) == (names.SERIES_LABEL, None)
        return Listing(tuple(map(self._as_it_is, jobs)), "1")

    async def create(self, key: ObjectKey, body: Json) -> Json:
        self._meet()
        if key in self.objects:
            raise ApiError(409, "AlreadyExists", key.name)
        self.made[key.name] += 1
        own = {"name": key.name, "namespace": key.namespace, "uid": f"{key.name}/{self.made}"}
        metadata = {**body["metadata"], **own, "creationTimestamp": self._now().isoformat()}
        self.objects[key] = {**body, "metadata": metadata}
        return self.objects[key]

    async def delete(self, key: ObjectKey, *, uid: str) -> Json:
        self._meet()
        if key not in self.objects:
            raise ApiError(404, "NotFound", key.name)
        assert self.objects[key]["metadata"]["uid"] == uid
        del self.objects[key]
        return {}

    def _meet(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _end(self, job: dict[str, Any]) -> dict[str, Any] | None:
        number = int(job["metadata"]["annotations"][names.MEASUREMENT_ANNOTATION])
        end = self.ends(number)
        since = self._now() - datetime.fromisoformat(job["metadata"]["creationTimestamp"])
        return end if end and since >= timedelta(seconds=1) else None

    def _as_it_is(self, item: dict[str, Any]) -> dict[str, Any]:
        end = self._end(item) if "uid" in item["metadata"] else None
        if end is None:
            return item
        type_ = "Failed" if end["exitCode"] else "Complete"
        ended = datetime.fromisoformat(item["metadata"]["creationTimestamp"]) + timedelta(seconds=1)
        moment = ended.isoformat()
        row = {"type": type_, "status": "True", "lastTransitionTime": moment}
        return {**item, "status": {"conditions": [row]}}

    def _pod(self, job: dict[str, Any]) -> dict[str, Any] | None:
        end, uid = self._end(job), job["metadata"]["uid"]
        state = {"terminated": end} if end else {"running": {}}
        return {
            "metadata": {
                "creationTimestamp": job["metadata"]["creationTimestamp"],
                "ownerReferences": [{"uid": uid, "controller": True}],
            },
            "status": {"containerStatuses": [{"name": "test", "state": state}]},
        }


def measured_model(successes: int = 0) -> ModelView:
    """A model of which the metric is to be measured from `START` on, as its status tells."""
    spec = model_spec(steps=[{"analysis": {"metrics": [METRIC]}}])
    kept = begun(0, defined(AnalysisMetric.model_validate(METRIC)), START)
    rollout = RolloutStatus(
        candidate="b",
        started=START,
        step_started=START,
        analysis=[kept.model_copy(update={"successes": successes})],
    )
    return model_view(spec, status=InferenceModelStatus(stable_revision="a", rollout=rollout))


class Scene:
    """An operator that looks, and an API server; time stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = START
        self.api = PlayedApi(lambda: self.now)
        (self.question,) = questions(measured_model())
        self.record = Record(START)
        self.begin()

    def begin(self, faults: FaultPoint | None = None, mode: Mode = Mode.ACT) -> None:
        """An operator begins."""
        self.jobs = Jobs(self.api, mode=mode, faults=faults)

    @property
    def order(self) -> JobOrder:
        assert isinstance(self.question.source, JobOrder)
        return self.question.source

    def job(self, number: int = 1) -> ObjectKey:
        return self.order.job(number)

    async def look(self) -> Look:
        """Looks once, and counts what was found."""
        metric = self.question.metric
        found = await self.jobs.look(metric, self.order, self.record, self.now)
        if found.measurement is not None:
            self.record = self.record.after(metric, found.measurement)
        return found

    async def measure(self, count: int) -> None:
        """Until so many measurements have a value."""
        while self.record.conclusive < count:
            await self.look()
            self.now += timedelta(seconds=1)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_job_is_made_and_its_end_is_what_is_measured(scene: Scene) -> None:
    scene.api.ends = lambda number: FAILS if number == 2 else PASSES
    assert await scene.look() == Look(again_s=1)
    assert await scene.look() == Look(again_s=1), "it runs"
    await scene.measure(2)
    assert (scene.record.passes, scene.record.failures) == (1, 1)
    assert scene.api.made == {scene.job(1).name: 1, scene.job(2).name: 1}


async def test_a_job_without_an_answer_is_read_by_people_and_then_made_anew(scene: Scene) -> None:
    scene.api.ends = lambda _: NO_MEMORY
    await scene.look()
    scene.now += timedelta(seconds=5)
    assert (await scene.look()).again_s == RETRY_S
    assert scene.record.last is not None
    assert scene.record.last.result is Result.SOURCE_DOWN
    assert scene.job() in scene.api.objects
    scene.now += timedelta(seconds=RETRY_S)
    assert await scene.look() == Look(again_s=1)
    assert scene.job() not in scene.api.objects
    scene.api.ends = lambda _: PASSES
    await scene.measure(1)
    assert scene.api.made == {scene.job().name: 2}
    assert scene.record.passes == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (ApiError(403, "Forbidden", "exceeded quota"), "403 Forbidden: exceeded quota"),
        (ApiUnreachableError("refused"), "refused"),
    ],
)
async def test_an_api_server_that_refuses_is_a_source_that_is_down(
    scene: Scene, fault: Exception, words: str
) -> None:
    scene.api.fault = fault
    found = await scene.look()
    assert found.measurement is not None
    assert (found.measurement.result, found.measurement.fault) == (Result.SOURCE_DOWN, words)
    assert found.again_s == HELD_UP_AGAIN_S
    scene.api.fault = None
    await scene.measure(1)
    assert scene.record.passes == 1


def take_the_template(scene: Scene) -> None:
    del scene.api.objects[scene.order.cron_job]


def take_its_consent(scene: Scene) -> None:
    scene.api.objects[scene.order.cron_job]["metadata"]["labels"] = {}


def take_the_name(scene: Scene) -> None:
    metadata = {"name": scene.job().name, "uid": "x", "creationTimestamp": START.isoformat()}
    scene.api.objects[scene.job()] = {
        "metadata": metadata | {"annotations": {names.MEASUREMENT_ANNOTATION: "1"}}
    }


def observe(scene: Scene) -> None:
    scene.begin(mode=Mode.OBSERVE)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (take_the_template, "there is no CronJob acceptance"),
        (take_its_consent, "CronJob acceptance has no label"),
        (take_the_name, "is somebody else's"),
        (observe, "in mode Observe no Job is run"),
    ],
)
async def test_what_may_not_be_run_is_not(
    scene: Scene, harm: Callable[[Scene], None], words: str
) -> None:
    harm(scene)
    found = await scene.look()
    assert found.measurement is not None
    assert found.measurement.result is Result.SOURCE_DOWN
    assert words in found.measurement.fault
    assert not scene.api.made


async def test_a_job_that_goes_is_waited_for(scene: Scene) -> None:
    await scene.look()
    scene.api.objects[scene.job()]["metadata"]["deletionTimestamp"] = START.isoformat()
    scene.now += timedelta(seconds=5)
    assert await scene.look() == Look(again_s=1)


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("forgotten", [0, 2])
async def test_death_at_any_write_runs_nothing_twice_and_loses_nothing(
    scene: Scene, moment: Moment, number: int, forgotten: int
) -> None:
    """An operator that begins anew may have forgotten successes that were not written yet."""
    scene.api.ends = lambda number: FAILS if number == 4 else PASSES
    scene.begin(FaultPoint(moment, number, die))
    records = [scene.record]
    with suppress(DiedError):
        while scene.record.conclusive < 6:
            await scene.measure(scene.record.conclusive + 1)
            records.append(scene.record)
    assert (scene.record.conclusive < 6) is (number <= 6)
    scene.record = records[max(0, len(records) - 1 - forgotten)]
    scene.begin()
    await scene.measure(6)
    assert (scene.record.passes, scene.record.failures) == (5, 1)
    assert scene.api.made == {scene.job(each).name: 1 for each in range(1, 7)}


async def test_jobs_that_are_written_go_but_for_the_last(scene: Scene) -> None:
    book = MeasurementBook(lambda: scene.now)
    await scene.measure(6)
    for written, left in ((0, 6), (5, 4), (6, KEPT)):
        book.of([measured_model(written)])
        await scene.jobs.tidy(book)
        assert not scene.jobs.is_tidy, "there will be more"
        numbers = {scene.job(n) for n in range(7 - left, 7)}
        assert {key for key in scene.api.objects if key.kind == JOB} == numbers


async def test_what_runs_for_a_rollout_that_has_ended_is_stopped(scene: Scene) -> None:
    book = MeasurementBook(lambda: scene.now)
    await scene.measure(1)
    await scene.look()
    await scene.jobs.tidy(book)
    assert scene.job(2) in scene.api.objects, "nobody has said yet which models there are"
    book.of([model_view(model_spec())])
    assert not scene.jobs.is_tidy
    await scene.jobs.tidy(book)
    assert scene.job(1) in scene.api.objects, "its logs can be read"
    assert scene.job(2) not in scene.api.objects
    await scene.jobs.tidy(book)
    assert scene.jobs.is_tidy


@pytest.mark.parametrize("fault", [None, ApiUnreachableError("refused")])
async def test_a_rollout_that_comes_and_goes_between_two_looks_leaves_nothing(
    scene: Scene, fault: Exception | None
) -> None:
    book = MeasurementBook(lambda: scene.now)
    book.of([model_view(model_spec())])
    await scene.jobs.tidy(book)
    assert scene.jobs.is_tidy
    await scene.look()
    assert not scene.jobs.is_tidy
    scene.api.fault = fault
    with suppress(ApiUnreachableError):
        await scene.jobs.tidy(book)
    assert not scene.jobs.is_tidy, "the one that ran was there, or nobody has looked"
    scene.api.fault = None
    await scene.jobs.tidy(book)
    assert scene.job() not in scene.api.objects


async def test_where_no_metric_has_jobs_they_are_listed_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perigee_operator.services.measurements.jobs.TIDIED_EVERY_S", 0)
    book = MeasurementBook(lambda: scene.now)
    scene.api.fault = ApiUnreachableError("refused")
    task = asyncio.create_task(keep_tidy(scene.jobs, book))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    scene.api.fault = None
    for _ in range(50):
        await asyncio.sleep(0)
    assert scene.api.listings == 1
    task.cancel()
