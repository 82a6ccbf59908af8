from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.artifacts.backoff import INTERRUPTED, REJECTED, WRONG_CONTENT, Backoff

ANY_BACKOFF = st.builds(
    lambda first, factor: Backoff(first, first * factor),
    st.floats(0.001, 1000),
    st.floats(1, 1e6),
)


@given(ANY_BACKOFF, st.integers(1, 100_000))
def test_a_wait_never_shrinks_and_never_passes_the_longest(backoff: Backoff, failures: int) -> None:
    now, later = backoff.delay_s(failures), backoff.delay_s(failures + 1)
    assert backoff.first_s <= now <= later <= backoff.longest_s


@given(ANY_BACKOFF)
def test_the_first_wait_is_the_shortest_and_many_failures_reach_the_longest(
    backoff: Backoff,
) -> None:
    assert backoff.delay_s(1) == backoff.first_s
    assert backoff.delay_s(60) == backoff.longest_s


def test_the_link_is_looked_for_within_a_pass_and_wrong_content_is_not_fetched_for_ever() -> None:
    assert [INTERRUPTED.delay_s(n) for n in (1, 2, 3, 4, 5, 6)] == [1, 2, 4, 8, 15, 15]
    assert REJECTED.delay_s(20) == 300
    in_a_week, fetches = 7 * 24 * 3600.0, 0
    while in_a_week > 0:
        fetches += 1
        in_a_week -= WRONG_CONTENT.delay_s(fetches)
    assert fetches < 40
