import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_lab.errors import LabError
from perigee_lab.play.due import HORIZON_S, Due, Plan, due, end_s, in_contact, next_change_s
from perigee_lab.play.windows import ALWAYS, Window

IN_TURN = {"sat-1": [Window(0, 90, 150)], "sat-2": [Window(50, 140, 150)]}


@pytest.mark.parametrize(
    ("plan", "links", "now", "expected"),
    [
        # What is not known is set, whatever it is.
        (IN_TURN, {}, 0, Due({"sat-1": True, "sat-2": False}, 50)),
        (IN_TURN, {"sat-1": True, "sat-2": False}, 0, Due({}, 50)),
        # A moment that is due belongs to what follows it.
        (IN_TURN, {"sat-1": True, "sat-2": False}, 50, Due({"sat-2": True}, 90)),
        (IN_TURN, {"sat-1": True, "sat-2": True}, 90, Due({"sat-1": False}, 140)),
        # Late: both are made up for.
        (IN_TURN, {"sat-1": True, "sat-2": False}, 91, Due({"sat-1": False, "sat-2": True}, 140)),
        (IN_TURN, {"sat-1": None, "sat-2": True}, 60, Due({"sat-1": True}, 90)),
        # Nothing ever changes, or not for long.
        ({"sat-1": ALWAYS}, {}, 5, Due({"sat-1": True}, 5 + HORIZON_S)),
        ({"sat-1": []}, {}, 5, Due({"sat-1": False}, 5 + HORIZON_S)),
        ({"sat-1": [Window(1e6, 2e6)]}, {}, 0, Due({"sat-1": False}, HORIZON_S)),
        ({"sat-1": [Window(0, 10, 10)]}, {}, 0, Due({"sat-1": True}, HORIZON_S)),
        # Stations that see it one after the other.
        ({"sat-1": [Window(0, 60), Window(40, 90)]}, {}, 0, Due({"sat-1": True}, 90)),
    ],
)
def test_what_is_due(plan: Plan, links: dict[str, bool | None], now: float, expected: Due) -> None:
    assert due(plan, links, now) == expected


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"sat-1": [Window(0, 90, 150, 200)], "sat-2": [Window(0, 100)]}, 240),
        ({"sat-1": [Window(-100, -10)]}, 0),
        ({"sat-1": ALWAYS, "sat-2": [Window(0, 100)]}, 100),
        ({"sat-1": []}, 0),
    ],
)
def test_a_plan_ends_with_its_last_change(plan: Plan, expected: float) -> None:
    assert end_s(plan) == expected


def test_a_plan_that_repeats_for_good_has_no_end() -> None:
    with pytest.raises(LabError, match="the plan of sat-1 repeats without `until`"):
        end_s(IN_TURN)


spans = st.tuples(st.integers(0, 300), st.integers(1, 60))
several = st.lists(
    st.one_of(
        spans.map(lambda s: Window(s[0], s[0] + s[1])),
        spans.map(lambda s: Window(s[0], s[0] + s[1], 3 * s[1])),
    ),
    max_size=4,
)


@given(several, st.floats(-10, 600))
def test_between_two_changes_the_link_stays_as_it_is(windows: list[Window], now: float) -> None:
    change = next_change_s(windows, now)
    if change is None:
        return
    assert change > now
    assert in_contact(windows, change) is not in_contact(windows, now)
    before = math.nextafter(change, -math.inf)
    for moment in (before, now + (before - now) / 2, now):
        assert in_contact(windows, moment) is in_contact(windows, now)


@given(st.dictionaries(st.sampled_from(["sat-1", "sat-2", "sat-3"]), several), st.floats(0, 600))
def test_nothing_is_left_to_do_until_the_next_moment(
    plan: dict[str, list[Window]], now: float
) -> None:
    links: dict[str, bool | None] = {}
    for _ in range(5):
        decision = due(plan, links, now)
        links |= decision.links
        assert links == {name: in_contact(windows, now) for name, windows in plan.items()}
        # Between two neighbouring numbers there is no third.
        before = math.nextafter(decision.next_s, -math.inf)
        middle = min(now + (decision.next_s - now) / 2, before)
        assert due(plan, links, middle).links == {}
        assert decision.next_s > now
        now = decision.next_s
