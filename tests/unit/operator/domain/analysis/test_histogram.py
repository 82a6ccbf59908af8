import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.buckets import LATENCY, Buckets
from perigee_operator.domain.analysis.histogram import Histogram

SCORES = Buckets("scores", tuple(k / 20 for k in range(1, 20)))
THREE = Buckets("three", (1.0, 2.0))
COUNTS = st.lists(st.integers(0, 1000), min_size=20, max_size=20)


def scores(counts: list[int]) -> Histogram:
    return Histogram(SCORES, tuple(counts))


@given(a=COUNTS, b=COUNTS, c=COUNTS)
def test_sums_do_not_depend_on_order_or_grouping(a: list[int], b: list[int], c: list[int]) -> None:
    one, two, three = scores(a), scores(b), scores(c)
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one + Histogram.empty(SCORES) == one
    assert (one + two).total == one.total + two.total


@given(a=COUNTS, b=COUNTS)
def test_what_was_added_can_be_taken_away(a: list[int], b: list[int]) -> None:
    one, two = scores(a), scores(b)
    assert (one + two) - two == one
    assert (one + two).follows(two)


@given(a=COUNTS)
def test_the_sparse_form_says_all(a: list[int]) -> None:
    assert Histogram.sparse(SCORES, scores(a).occupied) == scores(a)


@given(values=st.lists(st.floats(0, 1)))
def test_every_value_is_counted_once(values: list[float]) -> None:
    counted = Histogram.of(SCORES, values)
    assert counted.total == len(values)
    assert counted == sum((Histogram.of(SCORES, [v]) for v in values), Histogram.empty(SCORES))


def test_counts_that_have_become_less_are_no_continuation() -> None:
    earlier, later = Histogram(THREE, (1, 2, 3)), Histogram(THREE, (2, 1, 9))
    assert not later.follows(earlier)
    with pytest.raises(ValueError, match="a count of three is negative: -1"):
        _ = later - earlier


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Histogram(THREE, (1, 2)), "2 counts do not fit the 3 buckets of three"),
        (lambda: Histogram(THREE, (1, -2, 3)), "negative"),
        (lambda: Histogram.sparse(THREE, {3: 1}), "three has no bucket 3, only 0 to 2"),
        (lambda: Histogram.empty(THREE) + Histogram.empty(SCORES), "three and of scores"),
    ],
)
def test_what_does_not_fit_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("share", "value"),
    [(0.25, 1.0), (0.5, 1.5), (0.75, 2.0), (1.0, 2.0), (0.0, 1.0)],
)
def test_quantiles_are_interpolated_within_a_bucket(share: float, value: float) -> None:
    assert Histogram(THREE, (1, 2, 1)).quantile(share) == pytest.approx(value)


@given(counts=COUNTS, shares=st.lists(st.floats(0, 1)))
def test_quantiles_ascend(counts: list[int], shares: list[float]) -> None:
    counted = scores(counts)
    found = [counted.quantile(share) for share in sorted(shares)]
    if not counted.total:
        assert set(found) <= {None}
        return
    assert all(a <= b for a, b in itertools.pairwise(v for v in found if v is not None))


def test_quantiles_of_many_values_are_within_a_bucket_of_the_true_ones() -> None:
    values = sorted(np.random.default_rng(1).lognormal(-4, 0.3, 10_000).tolist())
    counted = Histogram.of(LATENCY, values)
    for share in (0.5, 0.9, 0.99):
        assert counted.quantile(share) == pytest.approx(values[int(share * 10_000)], rel=0.02)


@pytest.mark.parametrize(
    ("limit", "share"), [(0.5, 0.75), (1, 0.75), (1.5, 0.5), (2, 0.25), (3, 0)]
)
def test_the_share_over_a_limit(limit: float, share: float) -> None:
    assert Histogram(THREE, (1, 2, 1)).share_over(limit) == pytest.approx(share)


@given(counts=COUNTS, limit=st.floats(0, 1))
def test_the_share_over_a_quantile_is_the_rest(counts: list[int], limit: float) -> None:
    share = scores(counts).share_over(limit)
    assert (share is None) == (not sum(counts))
    if share is not None:
        assert 0 <= share <= 1


def test_nothing_counted_has_no_quantile_and_no_share() -> None:
    assert Histogram.empty(THREE).quantile(0.5) is None
    assert Histogram.empty(THREE).quantile_bucket(0.5) is None
    assert Histogram.empty(THREE).share_over(1) is None


def test_a_days_latencies_take_few_bytes() -> None:
    values = np.random.default_rng(2).lognormal(-4, 0.3, 86_400).tolist()
    written = json.dumps(Histogram.of(LATENCY, values).occupied, separators=(",", ":"))
    assert len(written) < 300
