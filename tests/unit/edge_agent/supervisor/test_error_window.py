from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.supervisor.error_window import Count, ErrorWindow

LENGTH_S = 30.0
STEPS = st.lists(
    st.tuples(st.floats(0, 40), st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=60
)


def filled(steps: list[tuple[float, int, int]]) -> tuple[ErrorWindow, list[Count]]:
    """The window after steps of (seconds since the last one, answered, failed), and all counts."""
    window, all_counts, now_s = ErrorWindow(), [], 0.0
    for passed_s, answered, failed in steps:
        now_s += passed_s
        all_counts.append(Count(now_s, answered, failed))
        window = window.with_count(all_counts[-1], LENGTH_S)
    return window, all_counts


@given(STEPS)
def test_counts_what_is_recent_and_nothing_old(steps: list[tuple[float, int, int]]) -> None:
    window, counts = filled(steps)
    now_s = counts[-1].at_s
    # A moment's counts are put together, so the oldest entry may hold a second more.
    recent = sum(c.failed for c in counts if c.at_s > now_s - LENGTH_S + 1)
    of_late = sum(c.failed for c in counts if c.at_s > now_s - LENGTH_S - 1)
    assert recent <= window.failed <= of_late


@given(STEPS)
def test_stays_small_however_often_it_is_told(steps: list[tuple[float, int, int]]) -> None:
    window, _ = filled([(passed_s / 100, good, bad) for passed_s, good, bad in steps * 20])
    assert len(window.counts) <= LENGTH_S + 1


def test_a_share_is_judged_only_of_enough_requests() -> None:
    window = ErrorWindow().with_count(Count(0, 9, 10), LENGTH_S)
    assert not window.exceeds(0.5, 20)
    assert window.with_count(Count(1, 0, 1), LENGTH_S).exceeds(0.5, 20)
    assert not window.with_count(Count(1, 1, 0), LENGTH_S).exceeds(0.5, 20)


def test_nothing_asked_is_nothing_failed() -> None:
    assert not ErrorWindow().exceeds(0.0, 0)
