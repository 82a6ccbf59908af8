"""The operator dies at a write, or finds nobody to write to."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from perigee_operator.domain import kinds
from perigee_operator.domain.writes import Apply, ObjectKey, Track
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.faults import VARIABLE
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.scope import Scope
from perigee_operator.storage.writer import Writer

SERVICES = Scope(kinds.SERVICE, "default")

THREE_SERVICES = """
import asyncio, os, random, sys, time
from datetime import UTC, datetime
from pathlib import Path
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import Apply, ObjectKey, Track
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.faults import FaultPoint
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.writer import Writer

async def main(kubeconfig, name):
    async with KubernetesApi(Path(kubeconfig)) as api:
        fleet = FleetCache(
            api, instance="i", now=lambda: datetime.now(UTC), monotonic=time.monotonic,
            random=random.random,
        )
        faults = FaultPoint.from_environment(os.environ)
        writer = Writer(api, fleet, mode=Mode.ACT, instance="i", faults=faults)
        body = {"spec": {"ports": [{"port": 80}]}}
        keys = [ObjectKey(kinds.SERVICE, f"{name}-{number}", "default") for number in (1, 2, 3)]
        await writer.perform([Track("t", tuple(Apply(key, body) for key in keys))])

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("fault", "written", "status"),
    [
        ("before:1", 0, -signal.SIGKILL),
        ("after:1", 1, -signal.SIGKILL),
        ("before:3", 2, -signal.SIGKILL),
        ("after:3", 3, -signal.SIGKILL),
        ("before:4", 3, 0),
    ],
)
async def test_the_operator_dies_at_the_write_named(  # noqa: PLR0913 - fixtures
    control_plane: Any, api: KubernetesApi, name: str, *, fault: str, written: int, status: int
) -> None:
    ended = subprocess.run(  # noqa: S603, ASYNC221 - the program above; nothing else is to run
        [sys.executable, "-c", THREE_SERVICES, str(control_plane.kubeconfig), name],
        env={**os.environ, VARIABLE: fault},
        check=False,
        timeout=60,
    )
    assert ended.returncode == status
    services = [item["metadata"]["name"] for item in (await api.list(SERVICES)).items]
    found = sorted(each for each in services if each.startswith(name))
    assert found == [f"{name}-{number}" for number in range(1, written + 1)]


async def test_an_api_server_out_of_reach_is_a_failure_of_each_track(
    linked_api: KubernetesApi, link: Any, new_fleet: Callable[..., FleetCache], name: str
) -> None:
    writer = Writer(linked_api, new_fleet(linked_api), mode=Mode.ACT, instance="ground-1")
    await link.cut()
    tracks = [
        Track(str(number), (Apply(ObjectKey(kinds.SERVICE, name, "default"), {}),))
        for number in range(40)
    ]
    outcomes = await writer.perform(tracks)
    assert [outcome.track for outcome in outcomes] == [track.name for track in tracks]
    for outcome in outcomes:
        assert outcome.failure is not None
        assert outcome.failure.status is None
