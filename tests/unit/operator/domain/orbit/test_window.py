from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at, window
from perigee_operator.domain.orbit.window import (
    Window,
    contact_s,
    merged,
)

MOMENTS = st.integers(-1000, 1000)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    begins, length = draw(MOMENTS), draw(st.integers(1, 300) | st.none())
    return window(begins, None if length is None else begins + length)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(0, 10)], [(0, 10)]),
        ([(20, 30), (0, 10)], [(0, 10), (20, 30)]),
        ([(0, 10), (10, 20)], [(0, 20)]),
        ([(0, 10), (5, 20)], [(0, 20)]),
        ([(0, 30), (5, 20)], [(0, 30)]),
        ([(0, None), (5, 20)], [(0, None)]),
        ([(0, 10), (5, None), (50, 60)], [(0, None)]),
    ],
)
def test_overlapping_contacts_count_once(
    spans: list[tuple[float, float | None]], expected: list[tuple[float, float | None]]
) -> None:
    found = merged(window(*span) for span in spans)
    assert found == [(at(s), None if e is None else at(e)) for s, e in expected]


@pytest.mark.parametrize(
    ("since", "until", "seconds"),
    [(0, 100, 30), (15, 100, 25), (0, 15, 5), (50, 100, 10), (30, 40, 0), (100, 0, 0), (20, 20, 0)],
)
def test_contact_is_counted_within_a_span(since: float, until: float, seconds: float) -> None:
    plan = [window(10, 30), window(50, 60)]
    assert contact_s(plan, at(since), at(until)) == seconds


def test_contact_that_never_ends_lasts_until_now() -> None:
    assert contact_s([window(10, None)], at(0), at(100)) == 90


@pytest.mark.parametrize(
    ("moment", "is_within"), [(9.9, False), (10, True), (29.9, True), (30, False)]
)
def test_contact_ends_just_before_loss_of_signal(
    *,
    moment: float,
    is_within: bool,
) -> None:
    assert window(10, 30).contains(at(moment)) is is_within


@given(st.lists(windows(), max_size=6), MOMENTS, MOMENTS, MOMENTS)
def test_contact_adds_up(plan: list[Window], a: int, b: int, c: int) -> None:
    first, second, third = (at(moment) for moment in sorted((a, b, c)))
    whole = contact_s(plan, first, third)
    assert whole == contact_s(plan, first, second) + contact_s(plan, second, third)
    assert 0 <= whole <= (third - first).total_seconds()


@given(st.lists(windows(), max_size=6))
def test_merged_spans_neither_touch_nor_overlap(plan: list[Window]) -> None:
    spans = merged(plan)
    ends: list[datetime | None] = [end for _, end in spans]
    assert all(end is not None for end in ends[:-1])
    starts = [start for start, _ in spans[1:]]
    assert all(end < start for end, start in zip(ends, starts, strict=False) if end is not None)
