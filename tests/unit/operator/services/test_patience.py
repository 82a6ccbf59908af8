from perigee_operator.domain.kinds import NODE, SATELLITE_NODE
from perigee_operator.domain.writes import Apply, Delete, ObjectKey, Track, Write
from perigee_operator.services.patience import MAX_WAIT_S, Patience
from perigee_operator.storage.outcomes import Failure, TrackOutcome

BAD, NEWS = Delete(ObjectKey(NODE, "n"), "u"), Delete(ObjectKey(NODE, "m"), "u")
STUCK = Track("t", (BAD,))


def failed(write: Write = BAD, status: int | None = 403) -> TrackOutcome:
    return TrackOutcome("t", 0, failure=Failure(write, "no", status))


def waits(patience: Patience, outcome: TrackOutcome, times: int) -> list[float]:
    """How long a track that fails at once is held back, each time."""
    found, now_s = [], 0.0
    for _ in range(times):
        assert patience.due([STUCK], now_s) == (STUCK,)
        patience.note([outcome], now_s)
        wait_s = patience.next_look_s(99, now_s)
        assert patience.due([STUCK], now_s + 0.9 * wait_s) == ()
        found.append(wait_s)
        now_s += wait_s
    return found


def test_it_waits_twice_as_long_each_time_up_to_a_limit() -> None:
    assert waits(Patience(), failed(), 7) == [1, 2, 4, 8, 16, MAX_WAIT_S, MAX_WAIT_S]


def test_what_got_no_answer_is_soon_tried_again() -> None:
    assert waits(Patience(), failed(status=None), 4) == [1, 1, 1, 1]


def test_what_is_to_be_written_before_is_not_held_back() -> None:
    patience = Patience()
    patience.note([failed()], 0)
    changed = Track("t", (NEWS, BAD))
    assert patience.due([changed], 0.1) == (changed,)
    assert patience.due([Track("t", (BAD, NEWS))], 0.1) == ()


def test_a_status_that_bears_another_moment_is_the_same() -> None:
    key = ObjectKey(SATELLITE_NODE, "a")
    early, late = (Apply(key, {"status": {"at": n}}, "status") for n in (1, 2))
    patience = Patience()
    patience.note([failed(early)], 0)
    assert patience.due([Track("t", (late,))], 0.1) == ()


def test_success_and_a_plan_without_it_end_the_wait() -> None:
    patience = Patience()
    for _ in range(3):
        patience.note([failed()], 0)
    patience.note([TrackOutcome("t", 1)], 0)
    assert patience.due([STUCK], 0) == (STUCK,)
    assert waits(patience, failed(), 2) == [1, 2]
    assert patience.due([], 0) == ()
    assert patience.due([STUCK], 0) == (STUCK,)


def test_a_hurried_plan_waits_for_nothing_but_what_fails() -> None:
    patience = Patience()
    assert patience.next_look_s(0, 0) == 0
    patience.note([failed()], 0)
    assert patience.next_look_s(0, 0) == 1
    assert patience.next_look_s(0.5, 0.9) == 1
