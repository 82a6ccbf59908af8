import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from perigee_api.heartbeat import MAX_ROLLED_BACK, RolledBack
from perigee_edge.report.rolled_back import FORGOTTEN_S, Listener
from perigee_edge.supervisor.options import FALLBACK, Options, read
from perigee_edge.supervisor.policy import Retreat
from perigee_edge.supervisor.reporting import REPEATED_S, Reporter, datagram

RETREAT = Retreat("CrashLoop", "it crashed " * 100)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def options() -> Options:
    fallback = '["--revision=old", "--artifact=aaa"]'
    told = {FALLBACK: fallback, "PERIGEE_SUPERVISOR_MODEL": "default/m"}
    return read(("--revision=new", "--artifact=bbb"), told | {"PERIGEE_SUPERVISOR_POD": "uid-1"})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def listener(tmp_path: Path, clock: Clock) -> AsyncIterator[Listener]:
    one = Listener(tmp_path / "socket", clock)
    running = asyncio.create_task(one.run())
    # It binds at once, and then waits.
    await asyncio.sleep(0)
    yield one
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def heard(listener: Listener, count: int) -> tuple[RolledBack, ...]:
    async with asyncio.timeout(60):
        while len(listener.current()) != count:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.001)
    return listener.current()


async def test_the_agent_hears_what_a_supervisor_says(
    listener: Listener, options: Options, tmp_path: Path
) -> None:
    Reporter(tmp_path / "socket").report(options, RETREAT, 1.0)
    (said,) = await heard(listener, 1)
    assert said.model_dump(exclude={"message"}) == {
        "pod": "uid-1",
        "model": "default/m",
        "failed": "new",
        "revision": "old",
        "reason": "CrashLoop",
    }
    assert said.message.startswith("it crashed it crashed")


async def test_who_is_silent_is_forgotten(
    listener: Listener, options: Options, tmp_path: Path, clock: Clock
) -> None:
    reporter = Reporter(tmp_path / "socket")
    reporter.report(options, RETREAT, 1.0)
    await heard(listener, 1)
    clock.now_s += FORGOTTEN_S - 1
    reporter.report(options, RETREAT, 1.0 + REPEATED_S)
    reporter.report(replace(options, pod="uid-2"), RETREAT, 1.0 + 2 * REPEATED_S)
    await heard(listener, 2)
    clock.now_s += 2
    assert len(listener.current()) == 2
    clock.now_s += FORGOTTEN_S
    assert listener.current() == ()


async def test_noise_and_too_many(listener: Listener, options: Options, tmp_path: Path) -> None:
    pods = [replace(options, pod=f"uid-{number}") for number in range(MAX_ROLLED_BACK + 3)]
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
        # A kernel may hold no more than ten: who blocks here keeps the listener from hearing them.
        speaking.setblocking(False)  # noqa: FBT003
        speaking.connect(str(tmp_path / "socket"))
        for said in (b"noise", *(datagram(pod, RETREAT) for pod in pods)):
            await loop.sock_sendall(speaking, said)
    found = await heard(listener, MAX_ROLLED_BACK)
    assert [said.pod for said in found] == [f"uid-{number}" for number in range(MAX_ROLLED_BACK)]


async def test_an_agent_that_is_not_there_is_no_trouble(options: Options, tmp_path: Path) -> None:
    Reporter(tmp_path / "absent").report(options, RETREAT, 1.0)
    Reporter(None).report(options, RETREAT, 1.0)


async def test_where_no_socket_can_be_made_nothing_is_heard(tmp_path: Path, clock: Clock) -> None:
    listener = Listener(tmp_path / "absent" / "socket", clock)
    running = asyncio.create_task(listener.run())
    await asyncio.sleep(0)
    assert not running.done()
    assert listener.current() == ()
    running.cancel()


async def test_what_an_earlier_agent_left_is_replaced(
    tmp_path: Path, options: Options, clock: Clock
) -> None:
    for _ in range(2):
        listener = Listener(tmp_path / "socket", clock)
        running = asyncio.create_task(listener.run())
        await asyncio.sleep(0)
        Reporter(tmp_path / "socket").report(options, RETREAT, 1.0)
        await heard(listener, 1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert (tmp_path / "socket").exists()
