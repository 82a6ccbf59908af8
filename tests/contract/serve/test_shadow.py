"""A candidate's server beside the stable revision's: real processes, and the agent's part here."""

import asyncio
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from perigee_api.names import COUNTS_SOCKET, SHADOW_SOCKET
from perigee_api.served import ShadowCounts
from perigee_edge.counted import CountedBlock
from perigee_edge.report.meeting import Meeting

REQUEST = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, -2]}]}


class Agent:
    """The part of it that brings servers together."""

    def __init__(self, directory: Path) -> None:
        self.address = directory / Path(SHADOW_SOCKET).name
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            self._task = self._loop.create_task(Meeting().run(self.address))
            try:
                runner.run(asyncio.wait({self._task}))
            finally:
                self._task.cancel()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(60)


class Satellite:
    """The stable revision's Pod, a candidate's, and who hears what they have counted."""

    def __init__(self, directory: Path, serve: Callable[..., Any], artifacts: Any) -> None:
        self.directory = directory
        self._serve = serve
        self._artifacts = artifacts
        self.active, self.shadow = directory / "active", directory / "shadow"
        self.active.write_text("true")
        self.shadow.write_text("100")
        (directory / "inactive").write_text("")
        self.hearing = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.hearing.settimeout(60)
        self.hearing.bind(str(artifacts.directory / Path(COUNTS_SOCKET).name))
        self.agent = Agent(artifacts.directory)
        self.stable = self._serve(
            artifacts.model(), **self._pod("uid-1", "r1"), active_file=self.active
        )
        self.told: dict[tuple[str, int], CountedBlock] = {}

    def _pod(self, uid: str, revision: str) -> dict[str, Any]:
        return {"revision": revision, "namespace": "default", "pod": uid, "block_s": 0.2}

    def candidate(self, *, operator: str = "Neg", shape: Any = ("n", 2), **more: Any) -> Any:
        """Starts its server; that it has been met, a request that was compared shows."""
        golden = self._artifacts.golden(
            in_x=np.zeros([1, *shape[1:]], "f4"), out_y=np.zeros([1, *shape[1:]], "f4")
        )
        return self._serve(
            self._artifacts.model([(operator, "x", "y")], shape=shape),
            **self._pod("uid-2", "r2"),
            active_file=self.directory / "inactive",
            shadow_file=self.shadow,
            golden=golden,
            golden_metric="maxAbsoluteError",
            golden_threshold=0.01,
            **more,
        )

    def infer(self) -> None:
        url = f"http://{self.stable.address}/v2/models/m/infer"
        answer = httpx.post(url, content=json.dumps(REQUEST).encode(), timeout=60)
        assert answer.status_code == 200
        assert answer.json()["outputs"][0]["data"] == [-1, 2]

    def until(self, enough: Callable[[ShadowCounts], bool]) -> ShadowCounts:
        """Asks the stable revision again and again; what has been counted of the candidate."""
        self.told = {}
        for _ in range(2000):
            self.infer()
            found = self._heard()
            if enough(found):
                return found
        raise AssertionError(self.told)

    def _heard(self) -> ShadowCounts:
        self.hearing.setblocking(False)  # noqa: FBT003
        try:
            while True:
                block = CountedBlock.model_validate_json(self.hearing.recv(8192))
                self.told[block.run, block.sequence] = block
        except BlockingIOError:
            pass
        blocks = [b for b in self.told.values() if b.pod == "uid-1" and b.shadow is not None]
        counts = [block.shadow for block in blocks if block.shadow is not None]
        assert {each.candidate for each in counts} <= {"r2"}
        return ShadowCounts(
            candidate="r2",
            compared=sum(each.compared for each in counts),
            agreed=sum(each.agreed for each in counts),
            failed=sum(each.failed for each in counts),
            dropped=sum(each.dropped for each in counts),
        )

    def close(self) -> None:
        self.hearing.close()
        self.agent.end()


@pytest.fixture
def satellite(tmp_path: Path, serve: Any, artifacts: Any) -> Iterator[Satellite]:
    one = Satellite(tmp_path, serve, artifacts)
    yield one
    one.close()


def test_answers_that_agree_are_counted_and_told(satellite: Satellite) -> None:
    satellite.candidate()
    found = satellite.until(lambda counts: counts.compared >= 5)
    assert found.agreed == found.compared
    assert found.failed == 0
    # Of its own it tells nothing: nobody is answered by it.
    assert {block.pod for block in satellite.told.values()} == {"uid-1"}


def test_answers_that_differ_are_no_failures(satellite: Satellite) -> None:
    satellite.candidate(operator="Abs")
    found = satellite.until(lambda counts: counts.compared >= 5)
    assert (found.agreed, found.failed) == (0, 0)


def test_requests_that_the_candidate_refuses_have_failed(satellite: Satellite) -> None:
    satellite.candidate(shape=("n", 3))
    found = satellite.until(lambda counts: counts.failed >= 3)
    assert found.compared == 0


def test_a_candidate_that_hangs_costs_nobody_an_answer(satellite: Satellite) -> None:
    candidate = satellite.candidate()
    satellite.until(lambda counts: counts.compared >= 2)
    candidate.process.send_signal(signal.SIGSTOP)
    try:
        found = satellite.until(lambda counts: counts.failed >= 1)
        assert found.failed == 1
    finally:
        candidate.process.send_signal(signal.SIGCONT)


def test_a_candidate_that_dies_is_met_again_when_it_is_back(satellite: Satellite) -> None:
    candidate = satellite.candidate()
    satellite.until(lambda counts: counts.compared >= 2)
    candidate.process.kill()
    candidate.exit_status()
    satellite.candidate()
    found = satellite.until(lambda counts: counts.compared >= 2)
    assert found.failed <= 1


def test_without_an_agent_they_part_and_meet_again_at_the_next(satellite: Satellite) -> None:
    satellite.candidate()
    satellite.until(lambda counts: counts.compared >= 2)
    satellite.agent.end()
    for _ in range(5):
        satellite.infer()
    satellite.agent = Agent(satellite.agent.address.parent)
    assert satellite.until(lambda counts: counts.compared >= 2).failed == 0


def test_another_share_or_none_is_taken_up(satellite: Satellite) -> None:
    satellite.candidate()
    satellite.until(lambda counts: counts.compared >= 1)
    satellite.shadow.write_text("1")
    while satellite.stable.await_event("handing requests on")["percent"] != 1:
        pass
    satellite.shadow.write_text("")
    satellite.shadow.write_text("100")
    while satellite.stable.await_event("handing requests on")["percent"] != 100:
        pass
