"""Runs a Job for each measurement of a metric that has one, and sees to it that none is left over.

A Job's name says which measurement it is, so it is made once, whoever makes it: an operator that
begins anew finds what the one before has begun, or has not seen the end of. What it says is counted
when it is found; it stays until that has been written to the status.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NoReturn, Protocol

import structlog

from perigee_api import names
from perigee_operator.domain.analysis.job_outcome import HELD_UP_AGAIN_S, Look, is_spent, look
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.record import Record, source_down
from perigee_operator.domain.kinds import JOB, POD
from perigee_operator.domain.odd import UnviewableError, text
from perigee_operator.domain.rollout.measuring_job import (
    JobOrder,
    MeasuringJob,
    UnusableTemplateError,
    job_body,
    leftovers,
)
from perigee_operator.domain.writes import Delete, Json, ObjectKey
from perigee_operator.services.measurements.book import MeasurementBook
from perigee_operator.services.views.jobs import job_run, measuring_job
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.faults import FaultPoint
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.scope import Listing, Scope

SOON_S: Final = 1.0
"""To look at a Job that was just made."""
TIDIED_EVERY_S: Final = 30.0
NOT_FOUND: Final = 404


class Api(Protocol):
    """The part of `perigee_operator.storage.api.KubernetesApi` that it takes."""

    async def get(self, key: ObjectKey) -> Json:
        """One object."""

    async def list(self, scope: Scope) -> Listing:
        """All objects of a scope."""

    async def create(self, key: ObjectKey, body: Json) -> Json:
        """Makes an object."""

    async def delete(self, key: ObjectKey, *, uid: str) -> Json:
        """Deletes an object."""


class Jobs:
    """The Jobs that measure candidates.

    Args:
        api: the API server.
        mode: whether any may be made.
        faults: where to die; for tests.
    """

    def __init__(self, api: Api, *, mode: Mode, faults: FaultPoint | None = None) -> None:
        self._api = api
        self._mode = mode
        self._faults = faults or FaultPoint()
        self.is_tidy = False
        """Whether none is left that may have to go: not until those of an operator before were
        looked for."""
        self._log = structlog.get_logger(__name__)

    async def look(self, metric: Metric, order: JobOrder, record: Record, now: datetime) -> Look:
        """Looks at the Job of the next measurement, which is made where there is none.

        What the API server refuses, and that it does not answer, is a source that is down.

        Args:
            metric: how what the Job says is judged.
            order: which Jobs.
            record: what was measured by now.
            now: the moment, in whole seconds.
        """
        try:
            return await self._look(metric, order, record, now)
        except (ApiError, ApiUnreachableError, UnusableTemplateError, UnviewableError) as error:
            return Look(source_down(now, str(error)), HELD_UP_AGAIN_S)

    async def _look(self, metric: Metric, order: JobOrder, record: Record, now: datetime) -> Look:
        number = record.conclusive + 1
        key = order.job(number)
        job = await self._present(key)
        if job is None:
            return await self._begun(order, number, now)
        if not order.measures(job):
            return Look(source_down(now, f"Job {key.name} is somebody else's"), HELD_UP_AGAIN_S)
        if "deletionTimestamp" in job["metadata"]:
            return Look(again_s=SOON_S)
        uid = text(job["metadata"].get("uid"))
        selector = f"batch.kubernetes.io/controller-uid={uid}"
        pods = await self._api.list(Scope(POD, key.namespace, label_selector=selector))
        run = job_run(job, pods.items)
        if is_spent(metric, run, record):
            await self._delete(Delete(key, uid))
            return Look(again_s=SOON_S)
        return look(metric, run, now)

    async def tidy(self, book: MeasurementBook) -> None:
        """Deletes what is not needed any more.

        Raises:
            ApiError: the API server refuses it.
            ApiUnreachableError: it does not answer.
        """
        self.is_tidy = True  # Unless one is made meanwhile.
        try:
            listing = await self._api.list(Scope(JOB, label_selector=names.SERIES_LABEL))
            jobs = self._viewed(listing.items)
            ordered = book.ordered()
            for each in leftovers(jobs, ordered.written, ordered.models):
                await self._delete(each)
        except (ApiError, ApiUnreachableError):
            self.is_tidy = False
            raise
        if ordered.written or not all(job.ended for job in jobs):
            self.is_tidy = False

    def _viewed(self, items: Sequence[Json]) -> list[MeasuringJob]:
        found = []
        for item in items:
            try:
                found.append(measuring_job(item))
            except UnviewableError as error:
                self._log.debug("a Job is left alone", reason=str(error))
        return found

    async def _present(self, key: ObjectKey) -> Json | None:
        try:
            return await self._api.get(key)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return None

    async def _begun(self, order: JobOrder, number: int, now: datetime) -> Look:
        if self._mode is Mode.OBSERVE:
            return Look(source_down(now, "in mode Observe no Job is run"), HELD_UP_AGAIN_S)
        template = await self._present(order.cron_job)
        if template is None:
            raise UnusableTemplateError(f"there is no CronJob {order.cron_job.name}")
        body = job_body(order, number, template)
        self.is_tidy = False
        try:
            with self._faults.write():
                await self._api.create(order.job(number), body)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        return Look(again_s=SOON_S)

    async def _delete(self, write: Delete) -> None:
        if self._mode is Mode.OBSERVE:
            return
        try:
            with self._faults.write():
                await self._api.delete(write.key, uid=write.uid)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise


async def keep_tidy(jobs: Jobs, book: MeasurementBook) -> NoReturn:
    """Sees to it that no Job is left over, until cancelled.

    Where no metric has Jobs, they are listed once.
    """
    log = structlog.get_logger(__name__)
    while True:
        if not jobs.is_tidy:
            try:
                await jobs.tidy(book)
            except (ApiError, ApiUnreachableError) as error:
                log.warning("Jobs that are left over stay for now", reason=str(error))
        await asyncio.sleep(TIDIED_EVERY_S)
