import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.block import Block, BlockSize, Gathering
from perigee_operator.domain.analysis.tally import NOTHING, Tally

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = BlockSize(requests=50, duration_s=60)
REPORTS = st.lists(
    st.tuples(st.integers(1, 90), st.integers(0, 80), st.integers(0, 80)), max_size=40
)


def gathered(reports: list[tuple[int, int, int]]) -> tuple[list[Block], Gathering]:
    """Reports of so many seconds, and requests of the candidate and of the stable revision."""
    gathering, blocks, now = Gathering("sat-1", START), [], START
    for lasted_s, candidate, stable in reports:
        now += timedelta(seconds=lasted_s)
        gathering, block = gathering.with_report(now, Tally(candidate), Tally(stable), SIZE)
        blocks += [block] if block else []
    return blocks, gathering


@given(reports=REPORTS)
def test_nothing_is_lost_and_nothing_counted_twice(reports: list[tuple[int, int, int]]) -> None:
    blocks, rest = gathered(reports)
    assert sum((b.candidate for b in blocks), rest.candidate) == Tally(sum(r[1] for r in reports))
    assert sum((b.stable for b in blocks), rest.stable) == Tally(sum(r[2] for r in reports))


@given(reports=REPORTS)
def test_every_block_is_large_enough(reports: list[tuple[int, int, int]]) -> None:
    blocks, rest = gathered(reports)
    assert all(min(b.candidate.requests, b.stable.requests) >= 50 for b in blocks)
    starts = [*(b.start for b in blocks), rest.start]
    assert all((b - a).total_seconds() >= 60 for a, b in itertools.pairwise(starts))


@given(reports=REPORTS)
def test_reporting_twice_as_often_makes_no_fewer_and_no_smaller_blocks(
    reports: list[tuple[int, int, int]],
) -> None:
    halves = [
        half
        for lasted_s, candidate, stable in reports
        for half in ((lasted_s, candidate, stable), (lasted_s, 0, 0))
    ]
    often, _ = gathered(halves)
    seldom, _ = gathered(
        [(2 * lasted_s, candidate, stable) for lasted_s, candidate, stable in reports]
    )
    assert len(often) >= len(seldom)
    assert all(min(b.candidate.requests, b.stable.requests) >= 50 for b in often)


def test_a_block_says_where_and_from_when() -> None:
    blocks, rest = gathered([(30, 60, 60), (30, 1, 2), (10, 3, 4)])
    assert blocks == [Block("sat-1", START, Tally(61), Tally(62))]
    assert rest == Gathering("sat-1", START + timedelta(seconds=60), Tally(3), Tally(4))


def test_where_one_does_not_serve_there_is_no_block() -> None:
    blocks, rest = gathered([(60, 100, 0)] * 10)
    assert blocks == []
    assert rest.candidate.requests == 1000
    assert rest.stable == NOTHING
