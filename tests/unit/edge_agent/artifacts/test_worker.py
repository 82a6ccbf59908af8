import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from perigee_api.heartbeat import ArtifactState, AssignedArtifact
from perigee_edge.artifacts.download import http_client
from perigee_edge.artifacts.eviction import Limits
from perigee_edge.artifacts.store import ArtifactStore
from perigee_edge.artifacts.worker import ArtifactWorker, Clocks

Until = Callable[[Callable[[], bool]], Awaitable[None]]
ROOMY = Limits(cache_bytes=10**9, reserve_bytes=0)


class Clock:
    """Runs with the machine's, and ahead of it by what a test adds, until it is stopped."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self._stopped_at_s: float | None = None

    def stop(self) -> None:
        """What waits by this clock waits for ever."""
        self._stopped_at_s = self()

    def __call__(self) -> float:
        if self._stopped_at_s is not None:
            return self._stopped_at_s
        return time.monotonic() + self.ahead_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path / "artifacts")
    store.prepare()
    return store


@asynccontextmanager
async def working(
    store: ArtifactStore, clock: Clock, limits: Limits = ROOMY
) -> AsyncIterator[ArtifactWorker]:
    async with http_client() as client:
        clocks = Clocks(clock, time.time)
        worker = ArtifactWorker(store, client, limits, check_every_s=3600, clocks=clocks)
        task = asyncio.create_task(worker.run())
        yield worker
        assert not task.done(), "the worker ended by itself"
        task.cancel()
        await asyncio.wait([task])


def state(worker: ArtifactWorker, artifact: AssignedArtifact) -> ArtifactState:
    return worker.reports()[artifact.sha256].state


def reason(worker: ArtifactWorker, artifact: AssignedArtifact) -> str | None:
    return worker.reports()[artifact.sha256].reason


def put(store: ArtifactStore, content: bytes, wanted_at: float) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    store.path(sha256).write_bytes(content)
    store.mark_wanted(sha256, wanted_at)
    return sha256


async def test_what_is_assigned_comes_on_board(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    async with working(store, clock) as worker:
        worker.want([artifact])
        assert state(worker, artifact) is ArtifactState.FETCHING
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    assert store.is_intact(artifact.sha256)


async def test_progress_shows_while_the_bytes_come(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    depot.pause_after = 700_000
    artifact = depot.artifact()
    async with working(store, clock) as worker:
        worker.want([artifact])
        await until(lambda: worker.reports()[artifact.sha256].fetched_bytes == 700_000)
        depot.proceed.set()
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)


async def test_cuts_are_no_failures_and_cost_no_byte_twice(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    depot.cuts = [300_000, 300_000]
    artifact = depot.artifact()
    with capture_logs() as logs:
        async with working(store, clock) as worker:
            worker.want([artifact])
            await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    assert depot.body_bytes == artifact.size
    assert [line["event"] for line in logs][-1] == "artifact_verified"


async def test_the_link_coming_back_ends_the_wait(
    store: ArtifactStore, clock: Clock, until: Until, depot: Any
) -> None:
    artifact = depot.artifact()
    depot.statuses = [503] * 3
    clock.stop()
    async with working(store, clock) as worker:
        worker.want([artifact])

        def is_verified_by_now() -> bool:
            # Again and again: what comes back while an attempt is about to fail ends no wait.
            worker.link_is_back()
            return state(worker, artifact) is ArtifactState.VERIFIED

        await until(is_verified_by_now)
    assert len(depot.requests) == 4


async def test_a_wrong_file_is_reported_and_fetched_again_only_after_a_wait(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact, right = depot.artifact(), depot.content
    depot.content = right[:-1] + b"X"
    with capture_logs() as logs:
        async with working(store, clock) as worker:
            worker.want([artifact])
            await until(lambda: state(worker, artifact) is ArtifactState.FAILED)
            assert reason(worker, artifact) == "DigestMismatch"
            worker.link_is_back()
            worker.want([artifact])
            clock.ahead_s += 50
            worker.link_is_back()
            await asyncio.sleep(0.1)
            assert len(depot.requests) == 1
            depot.cuts = [400_000]
            clock.ahead_s += 11
            worker.link_is_back()
            await until(lambda: len(depot.requests) >= 2)
            assert state(worker, artifact) is ArtifactState.FAILED
            depot.content = right
            clock.ahead_s += 600
            worker.link_is_back()
            await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    failures = [line for line in logs if line["event"] == "artifact_failed"]
    assert len(failures) == 1


async def test_a_missing_file_that_appears_is_not_called_missing_while_it_comes(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    depot.statuses, depot.pause_after = [404], 500_000
    artifact = depot.artifact()
    async with working(store, clock) as worker:
        worker.want([artifact])
        await until(lambda: reason(worker, artifact) == "NotFound")
        clock.ahead_s += 11
        worker.want([artifact])
        await until(lambda: state(worker, artifact) is ArtifactState.FETCHING)
        depot.proceed.set()
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)


async def test_something_more_urgent_goes_first_and_the_rest_is_continued(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    large = depot.artifact("large")
    depot.small_files["/small"] = b"small"
    sha256 = hashlib.sha256(b"small").hexdigest()
    small = AssignedArtifact(sha256=sha256, uri=depot.url + "small", size=5)
    depot.pause_after = 500_000
    async with working(store, clock) as worker:
        worker.want([large])
        await depot.paused.wait()
        await until(lambda: worker.reports()[large.sha256].fetched_bytes == 500_000)
        depot.pause_after = None
        worker.want([small, large])
        depot.proceed.set()
        await until(lambda: state(worker, small) is ArtifactState.VERIFIED)
        await until(lambda: state(worker, large) is ArtifactState.VERIFIED)
    assert [one[""].split()[1] for one in depot.requests] == ["/large", "/small", "/large"]
    assert int(depot.requests[2]["range"].removeprefix("bytes=").removesuffix("-")) >= 500_000


async def test_a_damaged_file_is_found_at_the_start_and_fetched_again(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    store.path(artifact.sha256).write_bytes(b"X" + depot.content[1:])
    with capture_logs() as logs:
        async with working(store, clock) as worker:
            worker.want([artifact])
            await until(lambda: any(line["event"] == "artifact_verified" for line in logs))
    assert store.is_intact(artifact.sha256)
    assert logs[0]["event"] == "artifact_damaged"


async def test_a_file_that_is_damaged_later_is_found_at_the_next_check(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    async with working(store, clock) as worker:
        worker.want([artifact])
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
        store.path(artifact.sha256).write_bytes(b"X" + depot.content[1:])
        clock.ahead_s += 3601
        worker.link_is_back()
        await until(lambda: len(depot.requests) == 2)
        await until(lambda: store.is_intact(artifact.sha256))


async def test_the_oldest_that_is_not_assigned_makes_room(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    old, newer, pinned = (put(store, bytes(400_000 + i), wanted_at=i) for i in (1, 2, 0))
    limits = Limits(cache_bytes=2_000_000, reserve_bytes=0)
    keep = AssignedArtifact(sha256=pinned, uri=depot.url, size=400_000)
    async with working(store, clock, limits) as worker:
        worker.want([keep, artifact])
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    assert not store.path(old).exists()
    assert store.path(newer).exists()
    assert store.path(pinned).exists()


async def test_what_was_assigned_until_now_counts_as_wanted_last(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    never, until_now = put(store, bytes(400_000), wanted_at=2), put(store, bytes(400_001), 1)
    limits = Limits(cache_bytes=1_500_000, reserve_bytes=0)
    async with working(store, clock, limits) as worker:
        worker.want([AssignedArtifact(sha256=until_now, uri=depot.url, size=400_001)])
        worker.want([artifact])
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    assert not store.path(never).exists()
    assert store.path(until_now).exists()


async def test_without_room_nothing_is_evicted_or_asked_for_until_room_is_made(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    pinned, other = put(store, bytes(900_000), wanted_at=1), put(store, bytes(10), wanted_at=1)
    keep = AssignedArtifact(sha256=pinned, uri=depot.url, size=900_000)
    limits = Limits(cache_bytes=1_500_000, reserve_bytes=0)
    async with working(store, clock, limits) as worker:
        worker.want([keep, artifact])
        await until(lambda: reason(worker, artifact) == "NoRoom")
        assert store.path(other).exists()
        assert depot.requests == []
        worker.want([artifact])
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    assert not store.path(pinned).exists()


async def test_a_cache_that_cannot_be_used_is_told_once_and_used_when_it_can(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    (store.directory / ".partial").rmdir()
    store.directory.rmdir()
    store.directory.write_text("a file in the way")
    with capture_logs() as logs:
        async with working(store, clock) as worker:
            worker.want([artifact])
            await until(lambda: bool(logs))
            worker.want([artifact])
            await asyncio.sleep(0.05)
            store.directory.unlink()
            worker.want([artifact])
            await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    assert [line["event"] for line in logs] == ["artifact_cache_unusable", "artifact_verified"]


async def test_under_another_address_a_failed_artifact_is_tried_at_once(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    wrong, right = depot.artifact("wrong"), depot.artifact("right")
    depot.statuses, depot.pause_after = [404], 500_000
    async with working(store, clock) as worker:
        worker.want([wrong])
        await until(lambda: reason(worker, wrong) == "NotFound")
        assert worker.reports()[wrong.sha256].uri == wrong.uri
        worker.want([right])
        assert state(worker, right) is ArtifactState.FETCHING
        assert worker.reports()[right.sha256].uri is None
        depot.proceed.set()
        await until(lambda: state(worker, right) is ArtifactState.VERIFIED)
    assert [one[""].split()[1] for one in depot.requests] == ["/wrong", "/right"]


async def test_what_has_left_the_cache_is_not_remembered(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact()
    left = put(store, bytes(900_000), wanted_at=1)
    async with working(store, clock, Limits(cache_bytes=1_500_000, reserve_bytes=0)) as worker:
        await until(lambda: left in worker._check_due_s)
        worker.want([artifact])
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
        await until(lambda: worker._check_due_s.keys() == {artifact.sha256})
    assert not store.path(left).exists()


async def test_of_two_addresses_for_one_artifact_the_first_counts(
    depot: Any, store: ArtifactStore, clock: Clock, until: Until
) -> None:
    artifact = depot.artifact("first")
    async with working(store, clock) as worker:
        worker.want([artifact, depot.artifact("second")])
        await until(lambda: state(worker, artifact) is ArtifactState.VERIFIED)
    assert [request[""] for request in depot.requests] == ["GET /first HTTP/1.1"]
