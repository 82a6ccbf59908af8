import pytest

from perigee_api.buckets import LATENCY
from perigee_api.served import Counts
from perigee_operator.domain.analysis.histogram import Histogram
from perigee_operator.domain.analysis.tally import NOTHING, Tally, tally_of


def tally(requests: int, errors: int = 0, latency_s: float = 0.02) -> Tally:
    return Tally(requests, errors, Histogram.of(LATENCY, [latency_s] * (requests - errors)))


def test_no_more_errors_than_requests() -> None:
    with pytest.raises(ValueError, match="2 errors cannot be of 1 requests"):
        Tally(1, 2)


def test_the_share_of_errors() -> None:
    assert tally(200, errors=3).error_share == pytest.approx(0.015)
    assert NOTHING.error_share is None


def test_what_a_satellite_tells_is_what_it_counted() -> None:
    told = Counts(errors=2, latency={LATENCY.index(0.02): 3})
    assert tally_of(told) == tally(5, errors=2)
