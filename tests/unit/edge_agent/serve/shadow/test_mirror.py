import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest

from perigee_edge.serve.counting import ShadowOutcome
from perigee_edge.serve.shadow import mirror as mirror_module
from perigee_edge.serve.shadow.mirror import Mirror
from perigee_edge.serve.shadow.wire import encode_outcome, read

X, Y = {"x": np.zeros((1, 2), "f4")}, {"y": np.ones((1, 2), "f4")}
ANSWER = encode_outcome(ShadowOutcome.AGREED)
WITHIN_S = 30


class Scene:
    """A mirror that hands on, and a candidate that a test answers for."""

    def __init__(self, ends: Any, chance: Callable[[], float], percent: int) -> None:
        own, self.candidate = ends
        self.mirror = Mirror(chance)
        self.counts: Counter[ShadowOutcome] = Counter()
        self.counted = asyncio.Event()
        work = self.mirror.over(own.reader, own.writer, percent, self._count)
        self.handing = asyncio.create_task(work)

    def _count(self, outcome: ShadowOutcome) -> None:
        self.counts[outcome] += 1
        self.counted.set()

    def request(self) -> None:
        self.mirror.arrived()
        self.mirror.answered(X, Y)
        self.mirror.left()

    async def heard(self) -> Any:
        async with asyncio.timeout(WITHIN_S):
            return await read(self.candidate.reader)

    async def counts_one(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self.counted.wait()
        self.counted.clear()


@pytest.fixture
async def scene(
    ends: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Scene]:
    monkeypatch.setattr(mirror_module, "LEAST_REST_S", 0.0)
    monkeypatch.setattr(mirror_module, "SHARE", 1.0)
    chance, percent = getattr(request, "param", (lambda: 0.0, 100))
    one = Scene(ends, chance, percent)
    await asyncio.sleep(0)
    yield one
    one.handing.cancel()


async def test_a_request_that_was_answered_is_handed_on_and_its_outcome_counted(
    scene: Scene,
) -> None:
    scene.request()
    pair = await scene.heard()
    np.testing.assert_array_equal(pair.inputs["x"], X["x"])
    np.testing.assert_array_equal(pair.outputs["y"], Y["y"])
    scene.candidate.writer.write(ANSWER)
    await scene.counts_one()
    assert scene.counts == {ShadowOutcome.AGREED: 1}


async def test_one_waits_at_most_and_the_others_are_left_out(scene: Scene) -> None:
    scene.request()
    await scene.heard()
    for _ in range(4):
        scene.request()
    assert scene.counts == {ShadowOutcome.DROPPED: 3}


async def test_nothing_is_handed_on_while_a_request_is_under_way(scene: Scene) -> None:
    scene.mirror.arrived()
    scene.request()
    hearing = asyncio.create_task(scene.heard())
    await asyncio.wait({hearing}, timeout=0.2)
    assert not hearing.done()
    scene.mirror.left()
    assert await hearing is not None


async def test_a_request_that_comes_meanwhile_has_the_candidate_stop(scene: Scene) -> None:
    scene.request()
    assert await scene.heard() is not None
    scene.mirror.arrived()
    assert await scene.heard() is None
    scene.candidate.writer.write(encode_outcome(ShadowOutcome.DROPPED))
    await scene.counts_one()
    assert scene.counts == {ShadowOutcome.DROPPED: 1}


@pytest.mark.parametrize("scene", [(iter([0.06, 0.04, 0.9]).__next__, 5)], indirect=True)
async def test_a_share_is_handed_on(scene: Scene) -> None:
    scene.mirror.answered(X, Y)
    scene.mirror.answered({"x": X["x"] + 7}, Y)
    scene.mirror.answered(X, Y)
    scene.mirror.arrived()
    scene.mirror.left()
    pair = await scene.heard()
    assert pair.inputs["x"][0, 0] == 7
    assert not scene.counts


async def test_a_candidate_that_goes_between_two_requests_has_failed_none(scene: Scene) -> None:
    scene.candidate.writer.close()
    await asyncio.wait_for(scene.handing, WITHIN_S)
    assert not scene.counts
    scene.request()
    assert not scene.counts, "nobody is there"


@pytest.mark.parametrize("words", [b"", b"nonsense\n"], ids=["gone", "nonsense"])
async def test_one_that_goes_or_talks_nonsense_has_failed_the_request(
    scene: Scene, words: bytes
) -> None:
    scene.request()
    await scene.heard()
    scene.candidate.writer.write(words)
    scene.candidate.writer.close()
    await asyncio.wait_for(scene.handing, WITHIN_S)
    assert scene.counts == {ShadowOutcome.FAILED: 1}


async def test_a_silent_one_has_failed_and_the_next_is_asked_nothing_for_a_while(
    scene: Scene, ends: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "STOP_S", 0.01)
    scene.request()
    await scene.heard()
    scene.mirror.arrived()
    await asyncio.wait_for(scene.handing, WITHIN_S)
    assert scene.counts == {ShadowOutcome.FAILED: 1}
    own, _ = ends
    scene.mirror.left()
    again = asyncio.create_task(scene.mirror.over(own.reader, own.writer, 100, scene._count))
    await asyncio.sleep(0)
    scene.request()
    assert await scene.heard() is None  # the stop of before
    hearing = asyncio.create_task(scene.heard())
    await asyncio.wait({hearing}, timeout=0.2)
    assert not hearing.done()
    again.cancel()


async def test_between_two_is_a_rest_as_long_as_the_share_wants(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "SHARE", 0.25)
    loop = asyncio.get_running_loop()
    scene.request()
    await scene.heard()
    begun_s = loop.time()
    await asyncio.sleep(0.1)
    scene.candidate.writer.write(ANSWER)
    await scene.counts_one()
    took_s = loop.time() - begun_s
    scene.request()
    await scene.heard()
    assert loop.time() - begun_s >= 0.99 * took_s / 0.25
