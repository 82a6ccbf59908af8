"""The operator's parts, put together and running."""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp

from perigee_operator.config import Config
from perigee_operator.services.contacts.book import ContactBook
from perigee_operator.services.contacts.worker import WorkerProcess
from perigee_operator.services.garbage import collect_seldom
from perigee_operator.services.http import application, listening
from perigee_operator.services.measurements.book import MeasurementBook
from perigee_operator.services.measurements.jobs import Jobs, keep_tidy
from perigee_operator.services.measurements.measuring import measure
from perigee_operator.services.measurements.prometheus import Prometheus
from perigee_operator.services.metrics import Metrics
from perigee_operator.services.planner import Planner
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.served_metrics import ServedMetrics
from perigee_operator.services.snapshot import Photographer
from perigee_operator.services.webhooks.courier import Surroundings
from perigee_operator.services.webhooks.notifier import Notifier
from perigee_operator.services.webhooks.tally import Tally
from perigee_operator.storage.api import USER_AGENT, KubernetesApi
from perigee_operator.storage.credentials import own_namespace
from perigee_operator.storage.faults import FaultPoint
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.writer import Writer


@asynccontextmanager
async def operating(config: Config) -> AsyncIterator[FleetCache]:
    """Runs the operator while the block runs; a part that fails ends the block.

    Yields:
        The caches, to be fed with the events of Perigee's own kinds.

    Raises:
        ApiError: the CRDs are missing (404), or the rights (403).
        ApiUnreachableError: the API server does not answer.
        ConfigurationError: a kubeconfig or ``PERIGEE_FAULT`` that makes no sense.
    """
    instance = f"{socket.gethostname()}-{os.getpid()}"
    metrics = Metrics(time.monotonic)
    async with (
        KubernetesApi() as api,
        listening(application(metrics, config.liveness_limit_s), config.http_port),
        WorkerProcess() as worker,
        _notifying(config, metrics) as notifier,
        Prometheus() as prometheus,
        asyncio.TaskGroup() as group,
    ):
        changed = asyncio.Event()
        fleet = FleetCache(
            api,
            instance=instance,
            now=_utc_now,
            monotonic=time.monotonic,
            random=random.random,
            namespace=own_namespace(),
            on_change=changed.set,
        )
        faults = FaultPoint.from_environment(os.environ)
        writer = Writer(
            api,
            fleet,
            mode=config.mode,
            instance=instance,
            count=metrics.wrote,
            tell=notifier.tell,
            faults=faults,
        )
        contacts = ContactBook(
            _utc_now,
            stale_after=timedelta(days=config.elements_stale_after_days),
            on_change=changed.set,
        )
        measurements = MeasurementBook(_utc_now, on_change=changed.set)
        jobs = Jobs(api, mode=config.mode, faults=faults)
        served = ServedBook(_utc_now())
        ServedMetrics(metrics.registry, lambda: served.sums, lambda: served.drifts)
        photographer = Photographer(
            fleet, contacts, config.settings(), served, measurements, metrics.heard_outside
        )
        planner = Planner(
            photographer,
            writer,
            metrics,
            changed,
            now=_utc_now,
            monotonic=time.monotonic,
        )
        await fleet.seed()
        await notifier.look_back(api)
        tasks = [
            group.create_task(fleet.run(), name="fleet"),
            group.create_task(_plan(fleet, planner), name="planner"),
            group.create_task(contacts.run(worker), name="contacts"),
            group.create_task(
                measure(measurements, prometheus, jobs, _utc_now), name="measurements"
            ),
            group.create_task(_tidy(fleet, jobs, measurements), name="jobs"),
            group.create_task(_collect(fleet), name="garbage"),
            group.create_task(notifier.run(api), name="webhooks"),
        ]
        try:
            yield fleet
        finally:
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def _notifying(config: Config, metrics: Metrics) -> AsyncIterator[Notifier]:
    headers, cookies = {"User-Agent": USER_AGENT}, aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(headers=headers, cookie_jar=cookies) as session:
        surroundings = Surroundings(
            session,
            Tally(metrics.registry),
            now=_utc_now,
            monotonic=time.monotonic,
            random=random.random,
        )
        keys = config.webhook_key_directory
        yield Notifier(config.webhooks, config.webhook_source, keys, surroundings)


async def _plan(fleet: FleetCache, planner: Planner) -> None:
    """Plans once everything has been listed: before that, absence means nothing."""
    await fleet.synced()
    await planner.run()


async def _tidy(fleet: FleetCache, jobs: Jobs, measurements: MeasurementBook) -> None:
    await fleet.synced()
    await keep_tidy(jobs, measurements)


async def _collect(fleet: FleetCache) -> None:
    await fleet.synced()
    await collect_seldom()


def _utc_now() -> datetime:
    return datetime.now(UTC)
