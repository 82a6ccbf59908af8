from perigee_edge.artifacts.attempts import Attempt, after_failure, with_link_back
from perigee_edge.artifacts.failures import (
    FailureReason,
    FetchError,
    Interrupted,
    PiecesMismatch,
    Rejected,
)

CUT = Interrupted("cut")
PIECES = PiecesMismatch("wrong digest")
WRONG = Rejected(FailureReason.DIGEST_MISMATCH, "wrong digest")
GONE = Rejected(FailureReason.NOT_FOUND, "404")


def after(*errors: FetchError) -> Attempt:
    attempt: Attempt | None = None
    for error in errors:
        attempt = after_failure(attempt, error, now_s=100)
    assert attempt is not None
    return attempt


def test_an_interruption_is_tried_soon_and_is_no_failure() -> None:
    assert after(CUT).retry_at_s == 101
    assert after(CUT, CUT, CUT).retry_at_s == 104
    assert after(CUT).rejection is None


def test_a_rejection_is_tried_rarely() -> None:
    assert after(GONE).retry_at_s == 110
    assert after(WRONG).retry_at_s == 160
    assert after(WRONG, WRONG).retry_at_s == 220


def test_a_rejection_stays_reported_while_its_retry_is_interrupted() -> None:
    attempt = after(WRONG, CUT)
    assert attempt.rejection is WRONG
    assert attempt.retry_at_s == 101
    assert after(WRONG, CUT, WRONG).retry_at_s == 220


def test_another_reason_starts_over() -> None:
    assert after(WRONG, WRONG, GONE).retry_at_s == 110


def test_pieces_that_do_not_fit_are_fetched_once_more_before_the_server_is_blamed() -> None:
    assert after(PIECES).rejection is None
    assert after(PIECES, CUT).rejection is None
    rejection = after(PIECES, CUT, PIECES).rejection
    assert rejection is not None
    assert rejection.reason is FailureReason.DIGEST_MISMATCH


def test_only_what_is_about_content_outlasts_arriving_bytes() -> None:
    assert after(WRONG).is_about_content
    assert after(PIECES, CUT).is_about_content
    assert not after(GONE, CUT).is_about_content
    assert not after(CUT).is_about_content


def test_only_the_first_of_a_kind_is_news() -> None:
    assert [after(*[CUT] * count).is_news for count in (1, 2, 3)] == [True, False, False]
    assert after(CUT, GONE).is_news
    assert not after(GONE, GONE).is_news


def test_when_the_link_is_back_only_interruptions_are_tried_at_once() -> None:
    assert with_link_back(after(CUT, CUT), 102).retry_at_s == 102
    assert with_link_back(after(WRONG), 102).retry_at_s == 160
    back = with_link_back(after(PIECES, CUT), 102)
    assert back.pieces_mismatched
    assert after_failure(back, CUT, 102).retry_at_s == 103
