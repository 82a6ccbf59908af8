import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.buckets import LATENCY
from perigee_operator.domain.analysis.histogram import Histogram
from perigee_operator.domain.analysis.tally import NOTHING, Counters, Tally


def tally(requests: int, errors: int = 0, latency_s: float = 0.02) -> Tally:
    return Tally(requests, errors, Histogram.of(LATENCY, [latency_s] * (requests - errors)))


def tallies() -> st.SearchStrategy[Tally]:
    return st.tuples(st.integers(0, 50), st.integers(0, 50), st.floats(0.001, 1)).map(
        lambda drawn: tally(drawn[0] + drawn[1], drawn[1], drawn[2])
    )


@given(before=tallies(), more=tallies())
def test_counters_tell_what_was_added(before: Tally, more: Tally) -> None:
    now = Counters("run-1", before + more)
    assert now.since(Counters("run-1", before)) == more


@given(before=tallies(), after=tallies())
def test_another_run_has_begun_at_zero(before: Tally, after: Tally) -> None:
    assert Counters("run-2", after).since(Counters("run-1", before)) == after
    assert Counters("run-1", after).since(None) == after


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (tally(100), tally(20)),
        (tally(100, errors=5), tally(120, errors=1)),
        (tally(100, errors=5), tally(101, errors=20)),
        (tally(100), tally(200, latency_s=0.5)),
    ],
    ids=["fewer requests", "fewer errors", "fewer answers", "fewer in a bucket"],
)
def test_counters_that_have_become_less_have_begun_anew(before: Tally, now: Tally) -> None:
    assert Counters("run-1", now).since(Counters("run-1", before)) == now


def test_no_more_errors_than_requests() -> None:
    with pytest.raises(ValueError, match="2 errors cannot be of 1 requests"):
        Tally(1, 2)


def test_the_share_of_errors() -> None:
    assert tally(200, errors=3).error_share == pytest.approx(0.015)
    assert NOTHING.error_share is None
