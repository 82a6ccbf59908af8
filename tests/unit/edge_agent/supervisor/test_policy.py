from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.termination import EXIT_STATUS, TerminationReason
from perigee_edge.standalone import stand_in
from perigee_edge.supervisor.error_window import Count
from perigee_edge.supervisor.policy import (
    CONFIGURATION,
    UNFIT,
    Course,
    End,
    GiveUp,
    GoBack,
    Limits,
    Next,
    Restart,
    Retreat,
    after_answers,
    after_end,
    after_ready,
    exit_status,
    hangs,
    standby_ended,
)

LIMITS = Limits()
VERIFIED = Course(verified=True)
GONE_BACK = Course(verified=True, retreat=Retreat("CrashLoop", "it crashed"))
STATUSES = st.sampled_from([-9, -6, -11, 0, 1, 2, 64, 65, 66, 67, 127])
EVENTS = st.lists(
    st.tuples(
        st.floats(0, 400),
        st.one_of(
            st.just("ready"),
            STATUSES,
            st.tuples(st.integers(0, 40), st.integers(0, 40)),
        ),
    ),
    max_size=40,
)


def test_exit_statuses_are_the_apis() -> None:
    fit_to_try = TerminationReason.CONFIGURATION_INVALID
    unfit = {EXIT_STATUS[r]: r.value for r in TerminationReason if r is not fit_to_try}
    assert unfit == UNFIT
    assert frozenset({EXIT_STATUS[fit_to_try], 2}) == CONFIGURATION
    assert all(stand_in.is_unfit(status) for status in {*UNFIT, *CONFIGURATION})


def ended(course: Course, *statuses: int, every_s: float = 1, fallback: bool = True) -> Next:
    """What follows the last of these ends."""
    then: Next = Restart()
    for number, status in enumerate(statuses):
        course, then = after_end(course, End(status), number * every_s, LIMITS, fallback=fallback)
    return then


@pytest.mark.parametrize(
    ("course", "statuses", "then"),
    [
        (VERIFIED, [-9], Restart()),
        (VERIFIED, [-9, -11], Restart()),
        (VERIFIED, [-9, -11, 1], GoBack()),
        (VERIFIED, [0, 0, 0], GoBack()),
        (VERIFIED, [67], GoBack()),
        (VERIFIED, [65], GoBack()),
        (VERIFIED, [66], GoBack()),
        (VERIFIED, [64], GiveUp(64)),
        (VERIFIED, [2], GiveUp(2)),
        (Course(), [-9], GiveUp(137)),
        (Course(), [67], GiveUp(67)),
        (Course(), [0], GiveUp(1)),
        (GONE_BACK, [-9, -9], Restart()),
        (GONE_BACK, [-9, -9, -9], GiveUp(137)),
        (GONE_BACK, [66], GiveUp(66)),
        (replace(VERIFIED, fallback_unfit=True), [-9, -9, -9], GiveUp(137)),
        (replace(VERIFIED, fallback_unfit=True), [67], GiveUp(67)),
    ],
)
def test_after_an_end(course: Course, statuses: list[int], then: Next) -> None:
    assert ended(course, *statuses) == then


def test_crashes_far_apart_are_no_loop() -> None:
    assert ended(VERIFIED, *[-9] * 20, every_s=LIMITS.crash_window_s / 2) == Restart()
    assert ended(VERIFIED, *[-9] * 3, every_s=LIMITS.crash_window_s / 2 - 1) == GoBack()


def test_without_files_there_is_no_way_back() -> None:
    assert ended(VERIFIED, -9, -9, -9, fallback=False) == GiveUp(137)
    assert ended(VERIFIED, 67, fallback=False) == GiveUp(67)


@pytest.mark.parametrize("status", [65, 66, 67, 2, 64])
def test_a_revision_before_that_cannot_serve_is_not_tried_again(status: int) -> None:
    course, _ = after_end(GONE_BACK, End(status), 0, LIMITS, fallback=True)
    assert course.fallback_unfit
    assert course.retreat is None
    assert standby_ended(VERIFIED, -9) == VERIFIED
    assert standby_ended(VERIFIED, 67).fallback_unfit


def test_what_a_worker_says_of_itself_is_the_evidence() -> None:
    course, _ = after_end(VERIFIED, End(67, "agreement is 0.4"), 0, LIMITS, fallback=True)
    assert course.retreat == Retreat("GoldenSetFailed", "agreement is 0.4")
    looping = replace(VERIFIED, ends=(0.0, 1.0))
    course, _ = after_end(looping, End(-9, how="want of memory"), 2, LIMITS, fallback=True)
    assert course.retreat is not None
    message = "ended by itself 3 times within 300 s, last by want of memory"
    assert course.retreat == Retreat("CrashLoop", message)
    course, _ = after_end(looping, End(-11), 2, LIMITS, fallback=True)
    assert course.retreat is not None
    assert "SIGSEGV" in course.retreat.message


def test_failing_more_than_its_share() -> None:
    count = Count(5, 10, 11)
    course, going = after_answers(VERIFIED, count, LIMITS, fallback=True)
    assert going == GoBack()
    assert course.retreat is not None
    assert course.retreat.reason == "ErrorShare"
    assert "failed 11 of 21 requests" in course.retreat.message
    assert after_answers(VERIFIED, Count(5, 11, 11), LIMITS, fallback=True)[1] is None
    for stays in (GONE_BACK, replace(VERIFIED, fallback_unfit=True)):
        assert after_answers(stays, count, LIMITS, fallback=True)[1] is None
    assert after_answers(VERIFIED, count, LIMITS, fallback=False)[1] is None


def test_confirmed_by_time_and_by_answers() -> None:
    course = after_ready(Course(), 100.0)
    early, _ = after_answers(course, Count(100.0 + 599, 200, 0), LIMITS, fallback=True)
    few, _ = after_answers(course, Count(100.0 + 601, 99, 0), LIMITS, fallback=True)
    both, _ = after_answers(course, Count(100.0 + 601, 100, 0), LIMITS, fallback=True)
    assert (early.confirmed, few.confirmed, both.confirmed) == (False, False, True)


@given(EVENTS, st.booleans())
def test_it_goes_back_once_and_stays_there(
    events: list[tuple[float, str | int | tuple[int, int]]], fallback: Any
) -> None:
    course, now_s, moves = Course(), 0.0, 0
    for passed_s, event in events:
        now_s += passed_s
        before, going = course, None
        match event:
            case str():
                course = after_ready(course, now_s)
            case int():
                course, then = after_end(course, End(event), now_s, LIMITS, fallback=fallback)
                going = then if isinstance(then, GoBack) else None
            case (answered, failed):
                count = Count(now_s, answered, failed)
                course, going = after_answers(course, count, LIMITS, fallback=fallback)
        moves += going is not None
        assert (going is not None) == (before.retreat is None and course.retreat is not None)
        assert len(course.ends) < LIMITS.crashes
        assert course.verified or not course.retreat, "nothing unverified is gone back from"
        if before.retreat is not None and course.retreat is None:
            assert course.fallback_unfit
        assert course.fallback_unfit >= before.fallback_unfit
    assert moves <= fallback


@pytest.mark.parametrize(
    ("ready", "silent_s", "busy_s", "loading_s", "word"),
    [
        (True, 9, 100, 1e6, ""),
        (True, 11, 0, 0, "silent"),
        (True, 0, 121, 0, "batch"),
        (False, 299, 0, 299, ""),
        (False, 0, 0, 301, "not loaded"),
    ],
)
def test_hanging(ready: Any, silent_s: float, busy_s: float, loading_s: float, word: str) -> None:
    why = hangs(ready=ready, silent_s=silent_s, busy_s=busy_s, loading_s=loading_s, limits=LIMITS)
    assert word in why
    assert bool(word) == bool(why)


def test_status_as_a_shell_has_it() -> None:
    assert [exit_status(each) for each in (-9, -15, 67, 0)] == [137, 143, 67, 0]
