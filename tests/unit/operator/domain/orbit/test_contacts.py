"""What is looked up in contacts, without a look at all of them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at, known, window

drawn = st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 300)), max_size=10)


@pytest.mark.parametrize(
    ("moment", "now", "next_", "ended"),
    [
        (0, None, (10, 30), None),
        (10, (10, 30), (20, 40), None),
        (25, (20, 40), (50, 60), None),
        (35, (20, 40), (50, 60), 30),
        (45, None, (50, 60), 40),
        (70, None, None, 60),
    ],
)
def test_the_contact_under_way_and_the_next(
    moment: float,
    now: tuple[float, float] | None,
    next_: tuple[float, float] | None,
    ended: float | None,
) -> None:
    plan = known([window(10, 30), window(20, 40), window(50, 60)])
    assert plan.current(at(moment)) == (window(*now) if now else None)
    assert plan.upcoming(at(moment)) == (window(*next_) if next_ else None)
    assert plan.latest_end(at(moment)) == (None if ended is None else at(ended))


@given(spans=drawn, moment=st.integers(-10, 1400), endless=st.booleans())
def test_what_is_looked_up_is_what_a_look_at_all_would_find(
    spans: list[tuple[int, int]], moment: int, *, endless: bool
) -> None:
    windows = [window(start, start + length) for start, length in spans]
    windows += [window(500, None)] if endless else []
    contacts, now = known(windows), at(moment)
    under_way = [w for w in windows if w.contains(now)]
    found = contacts.current(now)
    assert (found is None) == (not under_way)
    if found is not None and found.end is not None:
        assert found.end == max(w.end for w in under_way if w.end is not None)
    starts = [w.start for w in windows if w.start > now]
    following = contacts.upcoming(now)
    assert (following.start if following else None) == min(starts, default=None)
    ends = [w.end for w in windows if w.end is not None and w.end <= now]
    assert contacts.latest_end(now) == max(ends, default=None)
    until = now + timedelta(seconds=50)
    overlapping = [w for w in contacts.windows if w.start < until and (not w.end or w.end > now)]
    assert list(contacts.between(now, until)) == overlapping
