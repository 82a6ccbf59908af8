from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.baseline import DAY_S, PARTS, Baseline
from perigee_operator.domain.analysis.block import Block, Pairing
from perigee_operator.domain.analysis.tally import Tally

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ORBIT_S = 5700.0


def after(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def test_a_block_is_compared_with_the_same_part_of_the_orbit() -> None:
    baseline = Baseline("sat-1", EPOCH, ORBIT_S)
    for orbit in range(10):
        baseline = baseline.with_tally(after(orbit * ORBIT_S + 100), Tally(50, 1))
        baseline = baseline.with_tally(after(orbit * ORBIT_S + 3000), Tally(50, 20))
    start = after(99 * ORBIT_S + 200)
    assert baseline.block(start, Tally(80)) == Block(
        "sat-1", start, Tally(80), Tally(500, 10), Pairing.BEFORE_AFTER
    )


def test_less_than_the_candidate_had_is_no_baseline() -> None:
    baseline = Baseline("sat-1", EPOCH, ORBIT_S).with_tally(after(100), Tally(50))
    assert baseline.block(after(200), Tally(51)) is None
    assert baseline.block(after(200), Tally(50)) is not None
    assert baseline.block(after(3000), Tally(0)) is None


@given(
    moments=st.lists(st.floats(-1e6, 1e6), max_size=50), period_s=st.sampled_from([ORBIT_S, DAY_S])
)
def test_every_tally_has_its_part(moments: list[float], period_s: float) -> None:
    baseline = Baseline("sat-1", EPOCH, period_s)
    for moment in moments:
        baseline = baseline.with_tally(after(moment), Tally(1))
    assert sum(part.requests for part in baseline.parts) == len(moments)
    assert len(baseline.parts) == PARTS


@given(moment=st.integers(0, 10**6), turns=st.integers(-100, 100))
def test_parts_come_back_with_every_period(moment: int, turns: int) -> None:
    baseline = Baseline("sat-1", EPOCH, ORBIT_S)
    again = after(moment + 0.5 + turns * ORBIT_S)
    assert baseline.part_at(after(moment + 0.5)) == baseline.part_at(again)
