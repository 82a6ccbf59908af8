"""The fetching process is killed at every point at which it touches a file."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from perigee_api.heartbeat import AssignedArtifact
from perigee_edge.artifacts.download import download, http_client
from perigee_edge.artifacts.store import ArtifactStore

HIGHEST_POINT = 20
"""A download has fewer points than that."""
DIES_AT = Path(__file__).with_name("dies_at.py")


async def run_until(point: int, directory: Path, artifact: AssignedArtifact) -> int | None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(DIES_AT), str(directory)),
        *(artifact.uri, artifact.sha256, str(artifact.size), str(point)),
    )
    return await process.wait()


def assert_no_wrong_file(store: ArtifactStore) -> None:
    for held in store.held():
        assert not held.complete or store.is_intact(held.sha256)


async def test_no_kill_leaves_a_wrong_file_and_every_restart_completes_the_right_one(
    depot: Any, tmp_path: Path
) -> None:
    artifact = depot.artifact()
    processors = asyncio.Semaphore(2)

    async def crash_and_restart(point: int) -> int | None:
        async with processors:
            store = ArtifactStore(tmp_path / str(point))
            status = await run_until(point, store.directory, artifact)
            store.prepare()
            assert_no_wrong_file(store)
            async with http_client() as client:
                await download(artifact, store, client, lambda _: True)
            assert [one.sha256 for one in store.held()] == [artifact.sha256]
            assert store.is_intact(artifact.sha256)
            return status

    statuses = await asyncio.gather(*map(crash_and_restart, range(HIGHEST_POINT + 1)))
    killed = statuses.index(0)
    assert killed > 10, "there are more points than that on the way"
    assert statuses == [-signal.SIGKILL] * killed + [0] * (len(statuses) - killed)


async def test_bytes_that_came_before_a_kill_are_not_fetched_again(
    depot: Any, tmp_path: Path, until: Any
) -> None:
    artifact = depot.artifact()
    depot.pause_after = 900_000
    store = ArtifactStore(tmp_path / "artifacts")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(DIES_AT), str(store.directory)),
        *(artifact.uri, artifact.sha256, str(artifact.size), "1000000"),
    )
    await depot.paused.wait()
    await until(lambda: store.partial_bytes(artifact.sha256) >= 512 * 1024)
    process.kill()
    await process.wait()
    came = store.partial_bytes(artifact.sha256)
    depot.pause_after = None
    async with http_client() as client:
        await download(artifact, store, client, lambda _: True)
    assert store.is_intact(artifact.sha256)
    assert depot.requests[-1]["range"] == f"bytes={came}-"
