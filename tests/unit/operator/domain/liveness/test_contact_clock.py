import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at, known, window
from perigee_operator.domain.liveness.contact_clock import (
    next_sure_start,
    sure_contact_s,
    sure_contacts,
)
from perigee_operator.domain.orbit.contacts import ALWAYS, UNKNOWN

spans = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(1, 300), st.integers(0, 100)), max_size=12
)


def contacts(drawn: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [(start, start + length, guard) for start, length, guard in drawn]


@given(drawn=spans, since=st.integers(-100, 1500), length=st.integers(0, 1500))
def test_the_clock_runs_where_some_window_is_sure(
    drawn: list[tuple[int, int, int]], since: int, length: int
) -> None:
    windows = contacts(drawn)
    found = sure_contact_s(
        known(window(s, e, guard_s=g) for s, e, g in windows), at(since), at(since + length)
    )
    seconds = range(since, since + length)
    assert found == sum(any(s + g <= t < e - g for s, e, g in windows) for t in seconds)


@given(drawn=spans)
def test_contacts_do_not_touch_each_other(drawn: list[tuple[int, int, int]]) -> None:
    windows = known(window(s, e, guard_s=g) for s, e, g in contacts(drawn))
    found = sure_contacts(windows, at(-1), at(2000))
    for one, next_one in itertools.pairwise(found):
        assert one.end is not None
        assert one.end < next_one.start
        assert one.opens <= one.start


@pytest.mark.parametrize(
    ("now", "start"),
    [(-1, 10), (0, 10), (5, 10), (10, 10), (10.5, 110), (105, 110), (110, 110), (150, None)],
)
def test_the_next_contact_that_is_sure(now: float, start: float | None) -> None:
    windows = known(
        [window(0.5, 50, guard_s=9.5), window(60, 70, guard_s=6), window(100, 150, guard_s=10)]
    )
    assert next_sure_start(windows, at(now)) == (None if start is None else at(start))


def test_contact_that_never_ends_and_contact_that_is_not_known() -> None:
    assert sure_contact_s(ALWAYS, at(0), at(86_400)) == 86_400
    assert sure_contact_s(UNKNOWN, at(0), at(86_400)) == 0
    assert next_sure_start(ALWAYS, at(0)) is None
