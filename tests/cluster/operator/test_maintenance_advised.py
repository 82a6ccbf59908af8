"""A battery that fades over days: told by Leases of a real API server, on a clock that is ahead.

All is the operator's own, caches, watch, plan and writer, but for the clock, which jumps from
heartbeat to heartbeat, and kopf: what it would hand over is listed.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import random
from typing import Any, Final

import pytest_asyncio

from perigee_api import names
from perigee_api.heartbeat import Report, Telemetry
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.kinds import EVENT, LEASE, NODE, SATELLITE_NODE
from perigee_operator.domain.plan import plan
from perigee_operator.services.contacts.book import ContactBook
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.snapshot import Photographer
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.writer import Writer
from played.access import Access
from played.awaiting import until
from played.resources import satellite_node

Json = dict[str, Any]

HOURS: Final = 6
"""From one heartbeat to the next."""
DAY_BEATS: Final = 24 // HOURS


@dataclass
class Ground:
    """An operator that sweeps when it is told to, and one satellite."""

    access: Access
    name: str
    now: datetime
    sequence: int = 0

    def __post_init__(self) -> None:
        self.fleet: FleetCache
        self.writer: Writer
        self.photographer: Photographer

    def begin(self, api: KubernetesApi) -> FleetCache:
        """An operator that knows nothing yet."""
        self.fleet = FleetCache(
            api, instance=self.name, now=lambda: self.now, monotonic=time.monotonic, random=random
        )
        self.writer = Writer(api, self.fleet, mode=Mode.ACT, instance=self.name)
        contacts = ContactBook(lambda: self.now)
        self.photographer = Photographer(
            self.fleet, contacts, Settings(serve_image="edge:1"), ServedBook(self.now)
        )
        return self.fleet

    async def day(self, battery_percent: float) -> None:
        """A day passes, with heartbeats that say so."""
        for _ in range(DAY_BEATS):
            self.now += timedelta(hours=HOURS)
            self.sequence += 1
            telemetry = Telemetry(battery_percent=battery_percent)
            report = Report(sequence=self.sequence, telemetry=telemetry)
            text = report.model_dump_json(by_alias=True, exclude_none=True)
            body = {
                "metadata": {"annotations": {names.REPORT_ANNOTATION: text}},
                "spec": {"renewTime": self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
            }
            await self.access.patch(LEASE, self.name, body, names.HEARTBEAT_NAMESPACE)
            await until(self._has_heard)
            await self.sweep()

    async def sweep(self) -> None:
        """The operator looks, and writes what is to be written of the satellite."""
        decided = plan(self.photographer.snapshot(), self.now)
        own = [track for track in decided.tracks if track.name == f"sat/{self.name}"]
        outcomes = await self.writer.perform(own)
        assert [each.failure for each in outcomes] == [None] * len(own)

    async def advice(self) -> tuple[str, str, str]:
        """Status, reason and message of the condition, as the API server has them."""
        found = await self.access.get(SATELLITE_NODE, self.name)
        assert found is not None
        conditions = found.get("status", {}).get("conditions", ())
        of_type = (c for c in conditions if c["type"] == "MaintenanceAdvised")
        condition = next(of_type, {"status": "", "reason": ""})
        return condition["status"], condition["reason"], condition.get("message", "")

    async def announcements(self) -> list[str]:
        """Notes of the Events."""
        events = await self.access.list(EVENT, "default")
        return [
            each["note"]
            for each in events
            if each["regarding"]["name"] == self.name and each["reason"] == "MaintenanceAdvised"
        ]

    async def _has_heard(self) -> bool:
        heartbeat = self.fleet.feed.heartbeats.get(self.name)
        observing = self.fleet.observing_since is not None
        return observing and heartbeat is not None and heartbeat.arrived_at == self.now


@pytest_asyncio.fixture
async def ground(access: Access, namespace: str) -> AsyncIterator[Ground]:
    name = f"{namespace}-a"
    await access.create(
        NODE, {"metadata": {"name": name, "labels": {names.SATELLITE_LABEL: "true"}}}
    )
    lease = {"metadata": {"name": name}, "spec": {"holderIdentity": name}}
    await access.create(LEASE, lease, names.HEARTBEAT_NAMESPACE)
    await access.create(SATELLITE_NODE, satellite_node(name, namespace, limits={"minBattery": 30}))
    yield Ground(access, name, datetime.now(UTC).replace(microsecond=0))
    await access.delete(SATELLITE_NODE, name)
    await access.delete(LEASE, name, names.HEARTBEAT_NAMESPACE)
    await access.delete(NODE, name)


async def follow(ground: Ground, kubeconfig: Path, batteries: list[float]) -> None:
    """One operator's life: so many days."""
    async with KubernetesApi(kubeconfig) as api:
        fleet = ground.begin(api)
        running = asyncio.create_task(fleet.run())
        try:
            await fleet.seed()
            await fleet.synced()
            for battery in batteries:
                await ground.day(battery)
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_a_battery_that_fades_is_told_of_once_across_a_restart_of_the_operator(
    ground: Ground, kubeconfig: Path
) -> None:
    await follow(ground, kubeconfig, [60, 60, 58, 57, 55])
    assert (await ground.advice())[:2] == ("Unknown", "TooFewDays")
    assert await ground.announcements() == []
    ground.now += timedelta(days=2)  # The operator is down, or the satellite silent.
    await follow(ground, kubeconfig, [54, 52, 51, 49, 48, 46, 45, 43])
    status, reason, message = await ground.advice()
    assert (status, reason) == ("True", "BatteryFading")
    assert message.startswith("The lowest battery of a day fell from ")
    assert "it reaches the limit of 30 %, about " in message
    notes = await ground.announcements()
    assert len(notes) == 1
    assert notes[0].startswith("The lowest battery of a day fell from ")
    found = await ground.access.get(SATELLITE_NODE, ground.name)
    assert found is not None
    lowest = found["status"]["telemetryDays"]["lowestBattery"]
    assert lowest[-1] in {43, 45}
    assert None in lowest, "a day of which nothing was heard is a gap"
    assert found["status"]["phase"] == "InContact"
