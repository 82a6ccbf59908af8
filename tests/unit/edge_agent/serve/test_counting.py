from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.buckets import LATENCY
from perigee_api.golden import GoldenMetric
from perigee_api.served import ShadowCounts
from perigee_edge.serve.counting import BLOCK_S, KEPT, Counting, ShadowOutcome
from perigee_edge.serve.features import Reference
from perigee_edge.serve.golden import GoldenSet


def counting(**more: Any) -> Counting:
    given = {"model": "default/m", "pod": "p", "revision": "r", "run": "1", "begun_s": 100.0}
    return Counting(**{**given, **more})


def test_a_block_says_what_was_answered_and_when() -> None:
    one = counting()
    for code, duration_s in [(200, 0.02), (200, 0.02), (200, 1.5), (500, 0.001), (429, 0.001)]:
        one.request(code, duration_s)
    for code in (400, 413, 499, 503):
        one.request(code, 0.5)
    one.cut(100 + BLOCK_S - 0.1)
    assert not one.blocks
    one.cut(100 + BLOCK_S + 3)
    (block,) = one.blocks
    assert block.model_dump() == {
        "model": "default/m",
        "pod": "p",
        "revision": "r",
        "run": "1",
        "sequence": 0,
        "ended_s": 100 + BLOCK_S + 3,
        "lasted_s": BLOCK_S + 3,
        "counts": {"errors": 1, "latency": {LATENCY.index(0.02): 2, LATENCY.index(1.5): 1}},
        "shadow": None,
        "features": None,
    }


def test_without_a_request_there_is_no_block() -> None:
    one = counting()
    one.cut(100 + 5 * BLOCK_S)
    one.request(200, 0.1)
    one.cut(100 + 5.5 * BLOCK_S)
    assert not one.blocks
    one.cut(100 + 6 * BLOCK_S)
    (block,) = one.blocks
    assert (block.sequence, block.lasted_s) == (0, BLOCK_S)


@given(requests=st.lists(st.integers(0, 5), max_size=3 * KEPT))
def test_nothing_is_counted_twice_and_only_old_blocks_are_lost(requests: list[int]) -> None:
    one = counting()
    for number, count in enumerate(requests):
        for _ in range(count):
            one.request(200, 0.1)
        one.cut(100 + (number + 1) * BLOCK_S)
    told = [count for count in requests if count][-KEPT:]
    assert [block.counts.requests for block in one.blocks] == told
    numbers = [block.sequence for block in one.blocks]
    assert numbers == list(range(len([c for c in requests if c])))[-KEPT:]


def test_what_came_of_requests_that_were_handed_on_is_told_with_the_block() -> None:
    one = counting()
    for outcome, times in zip(ShadowOutcome, (3, 2, 1, 4), strict=True):
        for _ in range(times):
            one.shadowed("c", outcome)
    one.cut(100 + BLOCK_S)
    assert not one.blocks, "nobody has asked: it is told with the next"
    one.request(200, 0.02)
    one.cut(100 + 2 * BLOCK_S)
    one.request(200, 0.02)
    one.cut(100 + 3 * BLOCK_S)
    shadows = [block.shadow for block in one.blocks]
    assert shadows == [
        ShadowCounts(candidate="c", compared=5, agreed=3, failed=1, dropped=4),
        None,
    ]


def test_another_candidate_begins_anew() -> None:
    one = counting()
    one.shadowed("c", ShadowOutcome.DIFFERED)
    one.shadowed("d", ShadowOutcome.AGREED)
    one.request(200, 0.02)
    one.cut(100 + BLOCK_S)
    assert one.blocks[0].shadow == ShadowCounts(candidate="d", compared=1, agreed=1)


def test_samples_are_counted_beside_the_golden_set_once_it_is_known() -> None:
    one, x = counting(), np.arange(20.0).reshape(20, 1)
    golden = GoldenSet({"x": x}, {"y": x})
    for number in range(3):
        if number:
            one.refer_to(Reference.of(golden, golden.outputs, GoldenMetric.MAX_ABSOLUTE_ERROR))
        one.request(200, 0.02)
        if number < 2:
            one.sampled({"x": x[:3]}, {"y": x[:3]})
        one.cut(100 + (number + 1) * BLOCK_S)
    before, counted, silent = (block.features for block in one.blocks)
    assert (before, silent) == (None, None)
    assert counted is not None
    assert counted.deviation is None, "of one value there is none"
    assert counted.mean == counted.score
    assert counted.mean is not None
    assert counted.mean.golden == (2,) * 10
    assert counted.mean.live == (2, 1, *[0] * 8)
