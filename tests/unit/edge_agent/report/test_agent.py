"""The agent as a process."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from perigee_api.heartbeat import ArtifactState, Report
from perigee_api.names import REPORT_ANNOTATION
from perigee_edge.artifacts.store import ArtifactStore
from perigee_edge.artifacts.worker import ArtifactWorker
from perigee_edge.report.agent import Settings, run_agent

Until = Callable[[Callable[[], bool]], Awaitable[None]]
COMMAND = str(Path(sys.executable).with_name("perigee-edge"))


@asynccontextmanager
async def agent(
    api: Any, directory: Path, interval_s: float = 0.5
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "report", "--node-name", "sat-1", "--heartbeat-interval-s", str(interval_s)),
        *("--state-directory", str(directory), "--server", api.server.url),
        *("--token-file", str(api.server.token_file), "--ca-file", str(api.server.ca_file)),
        stderr=asyncio.subprocess.PIPE,
    )
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def log_lines(process: asyncio.subprocess.Process) -> list[dict[str, Any]]:
    _, stderr = await process.communicate()
    return [json.loads(line) for line in stderr.splitlines()]


async def test_it_beats_logs_json_and_ends_when_told(
    api: Any, tmp_path: Path, until: Until
) -> None:
    async with api.up(), agent(api, tmp_path) as process:
        await until(lambda: "sat-1" in api.leases)
        process.terminate()
        lines = await log_lines(process)
    assert process.returncode == 0
    assert [line["event"] for line in lines] == ["agent_started", "agent_stopped"]


async def test_its_first_report_tells_what_an_earlier_run_brought_on_board(
    api: Any, tmp_path: Path, until: Until
) -> None:
    (tmp_path / "artifacts").mkdir()
    sha256 = hashlib.sha256(b"a model").hexdigest()
    (tmp_path / "artifacts" / sha256).write_bytes(b"a model")
    async with api.up(), agent(api, tmp_path, interval_s=60):
        await until(lambda: "sat-1" in api.leases)
        text = api.leases["sat-1"]["metadata"]["annotations"][REPORT_ANNOTATION]
    report = Report.model_validate_json(text)
    assert report.sequence == 0
    assert report.artifacts[sha256].state is ArtifactState.VERIFIED


async def test_a_second_one_in_the_same_directory_ends(
    api: Any, tmp_path: Path, until: Until
) -> None:
    async with api.up(), agent(api, tmp_path):
        await until(lambda: "sat-1" in api.leases)
        async with agent(api, tmp_path) as second:
            lines = await log_lines(second)
    assert second.returncode == 75
    assert [line["event"] for line in lines] == ["cache_in_use"]


async def test_one_that_is_killed_leaves_the_directory_to_the_next(
    api: Any, tmp_path: Path, until: Until
) -> None:
    async with api.up(), agent(api, tmp_path) as first:
        await until(lambda: "sat-1" in api.leases)
        first.send_signal(signal.SIGKILL)
        await first.wait()
        api.leases.clear()
        async with agent(api, tmp_path):
            await until(lambda: "sat-1" in api.leases)


async def test_a_task_that_dies_takes_the_process_with_it(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(_: ArtifactWorker) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(ArtifactWorker, "run", die)
    settings = Settings(
        node_name="sat-1",
        state_directory=tmp_path,
        server=api.server,
        default_interval_s=10,
        cache_bytes=1,
        reserve_bytes=0,
        check_every_s=10,
        image_bytes=0,
    )
    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="a fault of ours")):
        await run_agent(settings)
    store = ArtifactStore(tmp_path / "artifacts")
    os.close(store.lock())
