import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from perigee_demo.inference.endpoints import Endpoint, EndpointDirectory
from perigee_demo.inference.open_inference import HEADER_LENGTH
from perigee_demo.traffic.client import SteadyClient, read_samples

SHAPE = (1, 3, 2, 2)
GOLDEN = np.zeros(SHAPE, dtype=np.float32)
GOLDEN[:, 1] = 1
WRONG = np.zeros(SHAPE, dtype=np.float32)
WRONG[:, 2] = 1

Handler = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def response(logits: np.ndarray, revision: str) -> httpx.Response:
    output = {"name": "output", "datatype": "FP32", "shape": list(logits.shape)}
    header = json.dumps(
        {"model_name": "cloud-mask", "model_version": revision, "outputs": [output]}
    ).encode()
    return httpx.Response(
        200, content=header + logits.tobytes(), headers={HEADER_LENGTH: str(len(header))}
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the counters are plain numbers
            await asyncio.sleep(0.005)


@pytest.fixture
def golden_file(tmp_path: Path) -> Path:
    file = tmp_path / "golden.npz"
    arrays = {"in.input": np.ones((2, 4, 2, 2), np.float32), "out.output": GOLDEN.repeat(2, 0)}
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file


@asynccontextmanager
async def sending(
    golden: Path, handler: Handler, *, rate_hz: float = 200, under_way: int = 4
) -> AsyncIterator[SteadyClient]:
    """A client that sends while the block runs and is through at its end."""
    directory = EndpointDirectory()
    directory.endpoints = (Endpoint("10.0.0.1", 1, "sat-1"), Endpoint("10.0.0.2", 1, "sat-2"))
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        client = SteadyClient(
            http,
            directory,
            read_samples(golden, "cloud-mask"),
            rate_hz=rate_hz,
            under_way=under_way,
        )
        running = asyncio.create_task(client.run())
        yield client
        client.stop()
        await running


async def test_requests_go_round_and_answers_are_compared(golden_file: Path) -> None:
    enough = asyncio.Event()
    asked: list[str] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if len(asked) >= 10:
            enough.set()
        bad = request.url.host == "10.0.0.2"
        return response(WRONG, "bad") if bad else response(GOLDEN, "good")

    async with sending(golden_file, handler) as client:
        await enough.wait()
    counts = client.counters.snapshot()
    assert counts["sent"] == counts["answered"] == len(asked)
    assert counts["failed"] == counts["retried"] == 0
    assert counts["wrong"] == counts["byRevision"]["bad"] == counts["bySatellite"]["sat-2"]
    assert abs(counts["bySatellite"]["sat-1"] - counts["bySatellite"]["sat-2"]) <= 1


async def test_requests_do_not_pile_up(golden_file: Path) -> None:
    release = asyncio.Event()
    under_way = most = asked = 0

    async def handler(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most, asked
        asked += 1
        under_way += 1
        most = max(most, under_way)
        await release.wait()
        under_way -= 1
        return response(GOLDEN, "good")

    async with sending(golden_file, handler, under_way=3) as client:
        await until(lambda: client.counters.held_back >= 5)
        assert client.counters.sent == 3
        release.set()
    assert most == 3
    counts = client.counters.snapshot()
    assert counts["sent"] == counts["answered"] == asked


async def test_what_is_under_way_at_the_end_is_still_counted(golden_file: Path) -> None:
    arrived, release = asyncio.Event(), asyncio.Event()

    async def handler(_: httpx.Request) -> httpx.Response:
        arrived.set()
        await release.wait()
        return response(GOLDEN, "good")

    async with sending(golden_file, handler) as client:
        await arrived.wait()
        client.stop()
        release.set()
    counts = client.counters.snapshot()
    assert counts["sent"] == counts["answered"] > 0


async def test_a_dead_satellite_costs_a_retry_and_two_cost_the_request(golden_file: Path) -> None:
    dead = {"10.0.0.1"}

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.host in dead:
            raise httpx.ConnectTimeout("no answer", request=request)
        return response(GOLDEN, "good")

    async with sending(golden_file, handler) as client:
        await until(lambda: client.counters.snapshot()["retried"] >= 2)
        assert client.counters.snapshot()["failed"] == 0
        dead.add("10.0.0.2")
        await until(lambda: client.counters.snapshot()["failed"] >= 2)
    counts = client.counters.snapshot()
    assert counts["sent"] == counts["answered"] + counts["failed"]
    assert set(counts["bySatellite"]) == {"sat-2"}
    assert "sat-1" in counts["failures"][-1]
    assert "sat-2" in counts["failures"][-1]


async def test_the_rate_is_kept(golden_file: Path) -> None:
    async def handler(_: httpx.Request) -> httpx.Response:
        return response(GOLDEN, "good")

    loop = asyncio.get_running_loop()
    start = loop.time()
    async with sending(golden_file, handler, rate_hz=50, under_way=100) as client:
        await until(lambda: client.counters.sent >= 25)
        took_s = loop.time() - start
    assert took_s >= 24 / 50
