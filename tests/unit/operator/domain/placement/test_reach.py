from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at, known, satellite, window
from perigee_operator.domain.liveness.contact_clock import sure_contacts
from perigee_operator.domain.orbit.contacts import ALWAYS, Contacts
from perigee_operator.domain.placement.reach import (
    HORIZON,
    MINUTE,
    MINUTES,
    arranged,
    gaps,
    minutes_in_contact,
)
from perigee_operator.domain.satellite import Satellite

DAY_S = HORIZON.total_seconds()
plans = st.lists(st.tuples(st.integers(0, 1430), st.integers(1, 400)), max_size=4)


def minutes(*spans: tuple[int, int]) -> Contacts:
    """Contacts from one minute to another."""
    return known(window(start * 60, end * 60) for start, end in spans)


def passing(name: str, *spans: tuple[int, int]) -> Satellite:
    return satellite(name, contacts=minutes(*spans))


@pytest.mark.parametrize(
    ("served", "wanted", "expected"),
    [
        ([], 1, [(0, 1440)]),
        ([ALWAYS], 1, []),
        ([ALWAYS], 2, [(0, 1440)]),
        ([minutes((0, 100)), minutes((90, 1440))], 1, []),
        ([minutes((0, 100)), minutes((90, 1440))], 2, [(0, 90), (100, 1440)]),
        ([minutes((0, 100)), minutes((100, 1440))], 1, []),
        ([minutes((10, 100), (200, 1440))], 1, [(0, 10), (100, 200)]),
    ],
)
def test_gaps(served: list[Contacts], wanted: int, expected: list[tuple[int, int]]) -> None:
    found = gaps(served, wanted, at(0))
    assert [(g.start, g.end) for g in found] == [(at(a * 60), at(b * 60)) for a, b in expected]


@given(drawn=st.lists(plans, max_size=5), wanted=st.integers(1, 3))
def test_within_gaps_too_few_are_in_contact_and_elsewhere_enough(
    drawn: list[list[tuple[int, int]]], wanted: int
) -> None:
    served = [minutes(*((a, a + length) for a, length in plan)) for plan in drawn]
    found = gaps(served, wanted, at(0))
    for minute in range(0, MINUTES, 7):
        moment = at(minute * 60)
        count = sum(any(w.contains(moment) for w in each.windows) for each in served)
        assert any(g.start <= moment < g.end for g in found) == (count < wanted)


def test_guards_are_no_contact() -> None:
    contacts = known([window(0, DAY_S, guard_s=600)])
    assert minutes_in_contact(contacts, at(0)).bit_count() == MINUTES - 20
    assert sum((g.end - g.start for g in gaps([contacts], 1, at(0))), timedelta()).seconds == 1200


def test_minutes_begin_where_the_horizon_does() -> None:
    contacts = minutes((10, 12))
    assert minutes_in_contact(contacts, at(0)) == 0b11 << 10
    assert minutes_in_contact(contacts, at(600)) == 0b11
    # Of a minute that is in contact in part nothing counts.
    assert minutes_in_contact(contacts, at(630)) == 0b1
    assert minutes_in_contact(ALWAYS, at(0)).bit_count() == MINUTES


@given(
    drawn=st.lists(
        st.tuples(st.integers(-90, 1500), st.none() | st.integers(1, 200), st.integers(0, 240)),
        max_size=6,
    ),
    begins_s=st.integers(0, 59),
)
def test_minutes_are_those_of_sure_contacts(
    drawn: list[tuple[int, int | None, int]], begins_s: int
) -> None:
    contacts = known(
        window(start * 60, None if length is None else (start + length) * 60, guard_s=guard_s)
        for start, length, guard_s in drawn
    )
    since = at(begins_s)
    expected = sum(
        1 << minute
        for minute in range(MINUTES)
        if any(
            c.start <= since + minute * MINUTE
            and (c.end is None or since + (minute + 1) * MINUTE <= c.end)
            for c in sure_contacts(contacts, since, since + HORIZON)
        )
    )
    assert minutes_in_contact(contacts, since) == expected


@pytest.mark.parametrize(
    ("given_", "count", "wanted", "expected"),
    [
        ("", 1, 1, "b"),
        ("", 2, 1, "bc"),
        ("b", 1, 1, "c"),
        # What b covers is covered; a second copy there counts where two are wanted.
        ("b", 1, 2, "a"),
        ("", 9, 1, "bcad"),
    ],
)
def test_those_that_close_the_most_gaps_come_first(
    given_: str, count: int, wanted: int, expected: str
) -> None:
    fleet = {
        "a": passing("a", (0, 500)),
        "b": passing("b", (0, 600)),
        "c": passing("c", (900, 1300)),
        "d": passing("d", (100, 200)),
    }
    candidates = [s for name, s in fleet.items() if name not in given_]
    found = arranged(candidates, [fleet[name] for name in given_], count, wanted, at(0))
    assert "".join(s.name for s in found) == expected


@given(drawn=st.lists(plans, min_size=2, max_size=5))
def test_two_that_are_arranged_cover_two_thirds_of_the_best_pair(
    drawn: list[list[tuple[int, int]]],
) -> None:
    """Greedy choice reaches 1 - 1/e of the best (Nemhauser, Wolsey, Fisher 1978); 3/4 of pairs."""
    fleet = [
        passing(str(n), *((a, a + length) for a, length in plan)) for n, plan in enumerate(drawn)
    ]

    def covered(pair: tuple[Satellite, ...]) -> int:
        one, other = (minutes_in_contact(s.contacts, at(0)) for s in pair)
        return (one | other).bit_count()

    best = max(covered(pair) for pair in combinations(fleet, 2))
    assert covered(arranged(fleet, [], 2, 1, at(0))) >= 0.75 * best
