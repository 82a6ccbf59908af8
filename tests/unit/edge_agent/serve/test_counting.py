from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perigee_api.buckets import LATENCY
from perigee_edge.serve.counting import BLOCK_S, KEPT, Counting


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
