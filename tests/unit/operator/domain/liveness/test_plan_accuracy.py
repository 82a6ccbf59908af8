"""What heartbeats show of the contact plan, by when they come."""

import pytest

from paper_fleet.views import at, known, window
from perigee_operator.domain.liveness.plan_accuracy import (
    Offset,
    PlanAccuracy,
    after,
    plan_accuracy,
    timing,
)
from perigee_operator.domain.orbit.contacts import ALWAYS, PENDING, UNKNOWN, Contacts

PASSES = known(
    window(1000 * n, 1000 * n + 200, station="kiruna" if n % 2 == 0 else "svalbard", guard_s=5)
    for n in range(4)
)


def offset(seconds: float, contacts: Contacts = PASSES) -> Offset | None:
    seen = timing(contacts, at(seconds))
    assert seen is not None
    return seen.offset


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (0, None),
        (100, None),
        # Guards of 5 s, and 10 s that a heartbeat may take to arrive.
        (215, None),
        (216, Offset(16, "kiruna")),
        (599, Offset(399, "kiruna")),
        (601, Offset(-399, "svalbard")),
        (984, Offset(-16, "svalbard")),
        (985, None),
        (3242, Offset(42, "svalbard")),
    ],
)
def test_how_far_outside_of_its_contacts_a_satellite_is_heard(
    seconds: float, found: Offset | None
) -> None:
    assert offset(seconds) == found


def test_what_lies_within_one_of_several_contacts_is_inside() -> None:
    both = known([window(0, 100, station="a"), window(50, 300, station="b"), window(120, 150)])
    assert offset(200, both) is None
    assert offset(340, both) == Offset(40, "b")


def test_what_is_not_known_shows_nothing() -> None:
    for contacts in (UNKNOWN, PENDING):
        assert timing(contacts, at(0)) is None
    partly = Contacts((window(500, 600),), at(0), at(1000))
    assert timing(partly, at(1000)) is None
    assert timing(partly, at(-1)) is None
    # Sent before anything was known.
    assert timing(partly, at(9)) is None
    assert timing(partly, at(10)) is not None
    anew = Contacts(PASSES.windows, PASSES.known_from, PASSES.known_until, provisional=True)
    assert timing(anew, at(500)) is None


def test_where_no_contact_is_planned_at_all_one_is_heard_long_after_the_last() -> None:
    assert offset(900, Contacts((), at(0), at(1000))) == Offset(900, None)


def test_who_never_sets_is_never_outside() -> None:
    assert heard(0, 100, 200_000, contacts=ALWAYS) == (None, 0, None)


def heard(
    *seconds: float, contacts: Contacts = PASSES, before: PlanAccuracy | None = None
) -> tuple[bool | None, int, Offset | None]:
    """What heartbeats at these times come to."""
    found = before or PlanAccuracy()
    for each in seconds:
        seen = timing(contacts, at(each))
        assert seen is not None
        found = after(found, seen)
    return found.accurate, found.outside, found.worst


def test_a_whole_pass_shows_that_the_plan_is_right() -> None:
    # Nobody knows how the first one began, and the second may go on beyond its end.
    assert heard(50, 190, 1010, 1190) == (None, 0, None)
    assert heard(50, 190, 1010, 1190, 2010) == (True, 0, None)


def test_a_heartbeat_outside_shows_that_it_is_not_until_a_whole_pass_was_inside() -> None:
    late = (50, 190, 1010, 1190, 1242)
    assert heard(*late) == (False, 1, Offset(42, "svalbard"))
    assert heard(*late, 2010, 2190) == (False, 1, Offset(42, "svalbard"))
    assert heard(*late, 2010, 2190, 3010) == (True, 0, None)


@pytest.mark.parametrize("stray", [1970, 2242])
def test_a_pass_with_one_heartbeat_before_or_after_it_is_no_proof(stray: float) -> None:
    beats = sorted([50, 1010, 2010, 2190, 3010, stray])
    assert heard(*beats)[0] is False


def test_new_elements_make_no_new_pass_of_the_one_under_way() -> None:
    seen = timing(PASSES, at(1242))
    assert seen is not None
    found = after(PlanAccuracy(latest=(at(0), at(200))), seen)
    assert heard(1250, contacts=known([window(1040, 1300)]), before=found)[:2] == (False, 1)


def test_only_an_offset_that_is_much_larger_is_told_anew() -> None:
    assert heard(240, 250, 259)[2] == Offset(40, "kiruna")
    assert heard(240, 261)[2] == Offset(61, "kiruna")
    assert heard(240, 261, 970)[2] == Offset(61, "kiruna")


def message(count: int, seconds: float, station: str | None = "kiruna") -> str:
    found = plan_accuracy(
        PlanAccuracy(accurate=False, outside=count, worst=Offset(seconds, station))
    )
    assert found is not None
    return found.message.split(".")[0]


def test_the_condition_tells_offset_and_count_in_steps() -> None:
    assert message(1, 42) == "Heard 42 s after LOS over kiruna, once"
    assert message(2, -30, None) == "Heard 30 s before AOS, at least 2 times"
    assert message(1, 900) == "Heard 15 min after LOS over kiruna, once"
    assert message(1, 20_000) == "Heard 6 h after LOS over kiruna, once"
    told = [message(count, 42).split("least ")[-1] for count in (4, 5, 9, 10, 19, 20, 49, 99, 1234)]
    assert told == [f"{n} times" for n in (2, 5, 5, 10, 10, 20, 20, 50, 1000)]


def test_there_is_no_condition_before_anything_was_shown() -> None:
    assert plan_accuracy(None) is None
    assert plan_accuracy(PlanAccuracy()) is None
    right = plan_accuracy(PlanAccuracy(accurate=True))
    assert right is not None
    assert (right.holds, right.reason, right.message) == (True, "AsPredicted", "")
