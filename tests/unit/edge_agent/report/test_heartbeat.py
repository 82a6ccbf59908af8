import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from perigee_api.heartbeat import ArtifactState, AssignedArtifact, Assignment, Report
from perigee_api.names import ASSIGNMENT_ANNOTATION, REPORT_ANNOTATION
from perigee_api.served import Counts
from perigee_edge.artifacts.download import http_client
from perigee_edge.artifacts.eviction import Limits
from perigee_edge.artifacts.store import ArtifactStore
from perigee_edge.artifacts.worker import ArtifactWorker
from perigee_edge.artifacts.worker import Clocks as WorkerClocks
from perigee_edge.counted import CountedBlock
from perigee_edge.report.assignment import AssignmentMemory
from perigee_edge.report.baseline_memory import BaselineMemory
from perigee_edge.report.counted import TOLD, Counted
from perigee_edge.report.counted import Clocks as CountedClocks
from perigee_edge.report.heartbeat import Clocks, Heartbeat, Satellite
from perigee_edge.report.lease import LeaseClient

Until = Callable[[Callable[[], bool]], Awaitable[None]]


@asynccontextmanager
async def beating(
    api: Any, directory: Path, interval_s: float = 0.5, counted: Counted | None = None
) -> AsyncIterator[None]:
    """An agent, all in this process."""
    memory = AssignmentMemory(directory / "assignment.json")
    memory.recall()
    lease = LeaseClient(api.server, "sat-1")
    async with http_client() as client:
        worker = ArtifactWorker(
            ArtifactStore(directory / "artifacts"),
            client,
            Limits(10**9, 0),
            check_every_s=3600,
            clocks=WorkerClocks(time.monotonic, time.time),
        )
        if memory.current:
            worker.want(memory.current.artifacts)
        heartbeat = Heartbeat(
            Satellite("sat-1", directory, interval_s, counted=counted),
            lease,
            worker,
            memory,
            Clocks(time.monotonic, lambda: datetime.now(UTC)),
        )
        tasks = [asyncio.create_task(heartbeat.run()), asyncio.create_task(worker.run())]
        try:
            yield
            assert not any(task.done() for task in tasks), "a task ended by itself"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await lease.close()


def report(api: Any) -> Report:
    annotations = api.leases["sat-1"]["metadata"]["annotations"]
    return Report.model_validate_json(annotations[REPORT_ANNOTATION])


def assign(api: Any, *artifacts: AssignedArtifact, epoch: int = 1, interval_s: float = 0.5) -> None:
    assignment = Assignment(epoch=epoch, heartbeat_interval_s=interval_s, artifacts=artifacts)
    annotations = api.leases["sat-1"]["metadata"]["annotations"]
    annotations[ASSIGNMENT_ANNOTATION] = assignment.model_dump_json(by_alias=True)


def state(api: Any, artifact: AssignedArtifact) -> ArtifactState | None:
    told = report(api).artifacts.get(artifact.sha256)
    return told.state if told else None


async def test_an_assignment_is_heard_acted_upon_and_reported(
    api: Any, depot: Any, tmp_path: Path, until: Until
) -> None:
    artifact = depot.artifact()
    async with api.up(), beating(api, tmp_path):
        await until(lambda: "sat-1" in api.leases)
        assert report(api).sequence == 0
        assert report(api).telemetry.memory_total_mib
        assign(api, artifact, epoch=7)
        await until(lambda: state(api, artifact) is ArtifactState.VERIFIED)
        assert report(api).epoch == 7
        assert report(api).artifacts[artifact.sha256].fetched_bytes == artifact.size


async def test_heartbeats_keep_their_beat_and_change_it_when_told(
    api: Any, tmp_path: Path, until: Until
) -> None:
    begun = time.monotonic()
    async with api.up(), beating(api, tmp_path, interval_s=0.5):
        await until(lambda: "sat-1" in api.leases)
        first = len(api.requests)
        await until(lambda: len(api.requests) >= first + 4)
        assert time.monotonic() - begun >= 4 * 0.5
        assign(api, interval_s=60)
        await until((tmp_path / "assignment.json").exists)
        told = len(api.requests)
        await asyncio.sleep(1.2)
        assert len(api.requests) == told


async def test_an_outage_is_logged_once_causes_no_burst_and_ends(
    api: Any, tmp_path: Path, until: Until
) -> None:
    with capture_logs() as logs:
        async with api.up():
            pass
        async with beating(api, tmp_path):
            await asyncio.sleep(4.2)
            assert [line["event"] for line in logs] == ["heartbeat_failing"]
            async with api.up():
                await until(lambda: "sat-1" in api.leases)
                assert report(api).sequence >= 4
                came = len(api.requests)
                await asyncio.sleep(1.1)
                assert len(api.requests) - came <= 3
                assert len(logs) == 2
    assert [line["event"] for line in logs[:2]] == ["heartbeat_failing", "heartbeat_restored"]
    assert logs[0]["cause"] == "Unreachable"
    assert logs[1]["failures"] >= 4


async def test_what_was_counted_in_the_dark_is_told_until_it_was_answered(
    api: Any, tmp_path: Path, until: Until
) -> None:
    memory = BaselineMemory(tmp_path / "baselines.json")
    counted = Counted(memory, CountedClocks(time.monotonic, time.time), lambda: 5700)
    said = CountedBlock(
        model="default/m",
        pod="p",
        revision="r",
        run="1",
        sequence=0,
        ended_s=time.monotonic(),
        lasted_s=480,
        counts=Counts(latency={40: 7}),
    )
    counted.take(said.model_dump_json(by_alias=True).encode())
    with capture_logs() as logs:
        async with api.up():
            pass
        async with beating(api, tmp_path, counted=counted):
            await until(lambda: any(line["event"] == "heartbeat_failing" for line in logs))
            assert len(counted.untold()) == 1
            async with api.up():
                await until(lambda: "sat-1" in api.leases)
                # The first one that gets through is small, whatever there is to tell.
                assert report(api).served is None
                await until(lambda: report(api).served is not None)
                (block,) = report(api).served or ()
                assert block.counts.requests == 7
                first = report(api).sequence
                await until(lambda: report(api).served is None)
                assert report(api).sequence == first + TOLD


async def test_a_server_that_hangs_costs_one_interval_at_most(
    api: Any, tmp_path: Path, until: Until
) -> None:
    async with api.up(), beating(api, tmp_path):
        await until(lambda: "sat-1" in api.leases)
        api.hang.clear()
        came = len(api.requests)
        await until(lambda: len(api.requests) >= came + 3)
        api.hang.set()
        before = report(api).sequence
        await until(lambda: report(api).sequence > before)


async def test_a_slow_download_does_not_hold_heartbeats_up(
    api: Any, depot: Any, tmp_path: Path, until: Until
) -> None:
    depot.pause_after = 300_000
    artifact = depot.artifact()
    async with api.up(), beating(api, tmp_path):
        await until(lambda: "sat-1" in api.leases)
        assign(api, artifact)
        await depot.paused.wait()
        before = report(api).sequence
        await until(lambda: report(api).sequence >= before + 3)
        assert report(api).artifacts[artifact.sha256].fetched_bytes == 300_000
        depot.proceed.set()
        await until(lambda: state(api, artifact) is ArtifactState.VERIFIED)


async def test_after_a_reboot_without_ground_the_last_assignment_still_counts(
    api: Any, depot: Any, tmp_path: Path, until: Until
) -> None:
    artifact = depot.artifact()
    depot.statuses = [503] * 1000
    async with api.up(), beating(api, tmp_path):
        await until(lambda: "sat-1" in api.leases)
        assign(api, artifact, epoch=3)
        await until(lambda: bool(depot.requests))
    depot.statuses = []
    store = ArtifactStore(tmp_path / "artifacts")
    async with beating(api, tmp_path):
        await until(lambda: store.is_intact(artifact.sha256))
    api.leases.clear()
    async with api.up(), beating(api, tmp_path):
        await until(lambda: "sat-1" in api.leases)
        assert report(api).epoch == 3


async def test_an_assignment_that_vanishes_or_makes_no_sense_unpins_nothing(
    api: Any, depot: Any, tmp_path: Path, until: Until
) -> None:
    artifact = depot.artifact()
    with capture_logs() as logs:
        async with api.up(), beating(api, tmp_path):
            await until(lambda: "sat-1" in api.leases)
            assign(api, artifact, epoch=5)
            await until(lambda: state(api, artifact) is ArtifactState.VERIFIED)
            api.leases["sat-1"]["metadata"]["annotations"][ASSIGNMENT_ANNOTATION] = "{nonsense"
            before = report(api).sequence
            await until(lambda: report(api).sequence >= before + 2)
            del api.leases["sat-1"]
            await until(lambda: "sat-1" in api.leases)
            assert report(api).epoch == 5
    remembered = json.loads((tmp_path / "assignment.json").read_text())
    assert remembered["artifacts"][0]["sha256"] == artifact.sha256
    assert [line["event"] for line in logs].count("assignment_unreadable") == 1
