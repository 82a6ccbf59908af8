import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.report.cadence import (
    bounded_interval_s,
    lease_duration_s,
    next_due_s,
    request_timeout_s,
)

INTERVALS = st.floats(0.5, 3600)


@given(st.integers(0, 10**6), INTERVALS, st.floats(0, 1e5))
def test_the_next_heartbeat_is_ahead_by_at_most_one_interval_and_on_the_grid(
    last_due: int, interval_s: float, late_s: float
) -> None:
    now = last_due + late_s
    due = next_due_s(last_due, interval_s, now)
    assert now < due + 1e-6 * interval_s
    assert due <= now + interval_s * (1 + 1e-6)
    beats = (due - last_due) / interval_s
    assert beats == pytest.approx(round(beats), abs=1e-4)


def test_lateness_does_not_add_up() -> None:
    due = 0.0
    for _ in range(1000):
        due = next_due_s(due, 10, now_s=due + 3)
    assert due == 10_000


def test_no_burst_follows_a_long_stall() -> None:
    assert next_due_s(0, 10, now_s=3601) == 3610


@pytest.mark.parametrize(
    ("assigned", "bounded"),
    [(10, 10), (1e-9, 0.5), (float("inf"), 3600), (86400, 3600)],
)
def test_an_interval_is_kept_within_reason(assigned: float, bounded: float) -> None:
    assert bounded_interval_s(assigned) == bounded


@given(INTERVALS)
def test_a_request_ends_before_the_next_is_due_and_the_lease_outlasts_it(interval_s: float) -> None:
    assert 0 < request_timeout_s(interval_s) < interval_s
    assert interval_s * 4 <= lease_duration_s(interval_s) < interval_s * 4 + 1
