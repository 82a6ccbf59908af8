"""What is remembered of an artifact that did not come: why, and when to try again. Pure."""

from dataclasses import dataclass

from perigee_edge.artifacts.backoff import INTERRUPTED, REJECTED, WRONG_CONTENT
from perigee_edge.artifacts.failures import (
    CONTENT_REASONS,
    FailureReason,
    FetchError,
    PiecesMismatch,
    Rejected,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How the attempts at an artifact have gone."""

    error: FetchError
    """Of the last one."""
    retry_at_s: float
    """On the monotonic clock."""
    rejection: Rejected | None = None
    """Why the artifact counts as failed, if it does; an interruption does not change that."""
    rejections: int = 0
    """In a row."""
    interruptions: int = 0
    """In a row."""
    pieces_mismatched: bool = False
    """It was complete once, put together from pieces, and its digest was wrong."""

    @property
    def is_about_content(self) -> bool:
        """The server's file was wrong: arriving bytes are no sign that it is right now."""
        wrong = self.rejection is not None and self.rejection.reason in CONTENT_REASONS
        return wrong or self.pieces_mismatched

    @property
    def is_news(self) -> bool:
        """Worth a line in the log: the first of its kind in a row."""
        in_a_row = self.rejections if isinstance(self.error, Rejected) else self.interruptions
        return in_a_row == 1


def after_failure(before: Attempt | None, error: FetchError, now_s: float) -> Attempt:
    """What to remember after an attempt failed.

    Args:
        before: What was remembered until now, unless bytes have come since.
        error: How the attempt ended.
        now_s: On the monotonic clock.
    """
    mismatched = before is not None and before.pieces_mismatched
    if isinstance(error, PiecesMismatch) and mismatched:
        error = Rejected(FailureReason.DIGEST_MISMATCH, str(error))
    if isinstance(error, Rejected):
        return _rejected(before, error, now_s)
    interruptions = before.interruptions + 1 if before else 1
    return Attempt(
        error=error,
        retry_at_s=now_s + INTERRUPTED.delay_s(interruptions),
        rejection=before.rejection if before else None,
        rejections=before.rejections if before else 0,
        interruptions=interruptions,
        pieces_mismatched=mismatched or isinstance(error, PiecesMismatch),
    )


def _rejected(before: Attempt | None, error: Rejected, now_s: float) -> Attempt:
    earlier = before.rejection if before else None
    again = before is not None and earlier is not None and earlier.reason is error.reason
    rejections = before.rejections + 1 if before is not None and again else 1
    backoff = WRONG_CONTENT if error.reason in CONTENT_REASONS else REJECTED
    return Attempt(
        error=error,
        retry_at_s=now_s + backoff.delay_s(rejections),
        rejection=error,
        rejections=rejections,
        pieces_mismatched=before is not None and before.pieces_mismatched,
    )


def with_link_back(attempt: Attempt, now_s: float) -> Attempt:
    """The same, tried at once if it was the link that failed."""
    if isinstance(attempt.error, Rejected):
        return attempt
    return Attempt(
        error=attempt.error,
        retry_at_s=now_s,
        rejection=attempt.rejection,
        rejections=attempt.rejections,
        pieces_mismatched=attempt.pieces_mismatched,
    )
