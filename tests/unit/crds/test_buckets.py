import itertools

from hypothesis import given
from hypothesis import strategies as st

from perigee_api.buckets import LATENCY, PER_OCTAVE


def test_bounds_ascend() -> None:
    assert all(a < b for a, b in itertools.pairwise(LATENCY.bounds))
    assert len(LATENCY) == len(LATENCY.bounds) + 1


@given(value=st.floats(0, 100))
def test_a_value_lies_above_the_lower_bound_and_up_to_the_upper(value: float) -> None:
    index = LATENCY.index(value)
    if index:
        assert LATENCY.bounds[index - 1] < value
    if index < len(LATENCY.bounds):
        assert value <= LATENCY.bounds[index]


def test_latencies_reach_from_half_a_millisecond_to_a_minute() -> None:
    assert len(LATENCY) == 138
    assert LATENCY.bounds[0] < 0.0005
    assert LATENCY.bounds[-1] == 64
    assert LATENCY.bounds[11 * PER_OCTAVE] == 1


@given(value=st.floats(0.001, 25))
def test_no_slowdown_of_a_fifth_stays_within_a_bucket(value: float) -> None:
    assert LATENCY.index(1.2 * value) > LATENCY.index(value)


@given(value=st.floats(0.001, 25), shift=st.integers(1, 8))
def test_a_ratio_of_bounds_moves_a_value_by_whole_buckets(value: float, shift: int) -> None:
    slower = value * 2 ** (shift / PER_OCTAVE)
    # A value on a bound may fall to either side of it by the rounding of the product.
    assert abs(LATENCY.index(slower) - LATENCY.index(value) - shift) <= (
        1 if any(abs(b / slower - 1) < 1e-12 for b in LATENCY.bounds) else 0
    )
