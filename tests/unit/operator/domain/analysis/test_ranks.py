import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perigee_api.buckets import LATENCY
from perigee_operator.domain.analysis.histogram import Histogram
from perigee_operator.domain.analysis.ranks import (
    STAKES,
    buckets_of,
    slowdown,
    slower_share,
    slower_tail,
    wins,
)

INSIDE = st.dictionaries(st.integers(20, 100), st.integers(1, 50), min_size=1, max_size=12)
ANYWHERE = st.dictionaries(st.integers(0, 137), st.integers(1, 50), min_size=1, max_size=12)
MARGINS = st.integers(0, 16)


def latencies(occupied: dict[int, int], shift: int = 0) -> Histogram:
    return Histogram.sparse(LATENCY, {index + shift: n for index, n in occupied.items()})


def brute_force(candidate: dict[int, int], stable: dict[int, int], margin: int) -> float:
    pairs = sum(candidate.values()) * sum(stable.values())
    slower = sum(
        n * m * (1 if i > j + margin else 0.5 if i == j + margin else 0)
        for i, n in candidate.items()
        for j, m in stable.items()
    )
    return slower / pairs


@given(candidate=INSIDE, stable=INSIDE, margin=MARGINS)
def test_it_is_the_share_of_pairs(
    candidate: dict[int, int], stable: dict[int, int], margin: int
) -> None:
    found = slower_share(latencies(candidate), latencies(stable), margin)
    assert found == pytest.approx(brute_force(candidate, stable, margin))


@given(one=ANYWHERE, other=ANYWHERE)
def test_without_a_margin_both_are_treated_alike(
    one: dict[int, int], other: dict[int, int]
) -> None:
    there = slower_share(latencies(one), latencies(other), 0)
    back = slower_share(latencies(other), latencies(one), 0)
    assert there is not None
    assert back is not None
    assert there + back == pytest.approx(1)


@given(same=ANYWHERE, margin=MARGINS)
def test_what_is_the_same_is_never_beyond_a_margin(same: dict[int, int], margin: int) -> None:
    found = slower_share(latencies(same), latencies(same), margin)
    assert found is not None
    assert found <= 0.5
    assert slower_tail(latencies(same), latencies(same), margin) in (0, 0.5, None)


@given(stable=INSIDE, margin=MARGINS, shift=st.integers(0, 16))
def test_who_is_slower_by_the_margin_is_at_a_half(
    stable: dict[int, int], margin: int, shift: int
) -> None:
    found = slower_share(latencies(stable, shift), latencies(stable), margin)
    assert found is not None
    if shift == margin:
        assert found == pytest.approx(0.5)
    assert (found <= 0.5) if shift <= margin else (found >= 0.5)


@given(candidate=INSIDE, stable=INSIDE, margin=MARGINS)
def test_a_wider_margin_never_speaks_more_against_the_candidate(
    candidate: dict[int, int], stable: dict[int, int], margin: int
) -> None:
    narrow = slower_share(latencies(candidate), latencies(stable), margin)
    wide = slower_share(latencies(candidate), latencies(stable), margin + 1)
    assert narrow is not None
    assert wide is not None
    assert wide <= narrow + 1e-12


@given(stable=INSIDE, margin=MARGINS, shift=st.integers(-16, 17))
def test_the_tail_is_compared_with_the_same_margin(
    stable: dict[int, int], margin: int, shift: int
) -> None:
    assume(sum(stable.values()) >= 20)
    found = slower_tail(latencies(stable, shift), latencies(stable), margin)
    assert found == (1 if shift > margin else 0.5 if shift == margin else 0)


def test_a_slow_tail_that_the_rest_hides() -> None:
    stable = latencies({40: 100})
    candidate = latencies({40: 90, 60: 10})
    share = slower_share(candidate, stable, 1)
    assert share is not None
    assert share < 0.2
    assert slower_tail(candidate, stable, 2) == 1


def test_too_few_answers_say_nothing() -> None:
    assert slower_share(Histogram.empty(LATENCY), latencies({40: 1}), 1) is None
    assert slower_tail(latencies({40: 19}), latencies({40: 100}), 1) is None


@given(statistic=st.floats(0, 1))
def test_nobody_can_lose_everything(statistic: float) -> None:
    found = wins(statistic)
    assert len(found) == len(STAKES)
    assert found[0] == 0
    assert min(found) > -3
    assert all((win >= 0) == (statistic >= 0.5) for win in found[1:] if abs(win) > 1e-12)


@pytest.mark.parametrize(
    ("slower", "buckets"), [(0.0, 1), (0.05, 1), (0.1, 1), (0.19, 2), (0.3, 3), (1.0, 8)]
)
def test_a_slowdown_is_rounded_to_whole_buckets(slower: float, buckets: int) -> None:
    assert buckets_of(slower) == buckets


@given(buckets=st.integers(1, 40))
def test_buckets_and_slowdowns_are_inverse(buckets: int) -> None:
    assert buckets_of(slowdown(buckets)) == buckets
