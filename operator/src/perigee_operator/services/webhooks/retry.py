"""What follows from an attempt, and when the next one is made."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
LONGEST_ASKED_PAUSE_S: Final = 900.0
"""A receiver that wants to be left alone for longer is asked again after this."""
GIVE_UP_AFTER_S: Final = 900.0
"""What could not be told for so long is told no more: the Event has it still."""

OK: Final = range(200, 300)
TOO_MANY_REQUESTS: Final = 429
SERVER_ERRORS: Final = range(500, 600)


class Delivery(StrEnum):
    """What became of a notice."""

    SENT = "Sent"
    REFUSED = "Refused"
    """The receiver does not want it: it is not sent again."""
    EXPIRED = "Expired"
    """The receiver could not take it for too long."""
    DROPPED = "Dropped"
    """Too many were waiting: the oldest made room."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt went."""

    settled: Delivery | None
    """None: it is made again."""
    why: str = ""
    asked_s: float | None = None
    """How long the receiver asks to be left alone, if it asks."""


def judged(status: int, retry_after: str | None, now: datetime) -> Attempt:
    """What follows from an answer.

    Redirects are refusals: what is told and signed for one address is not sent to another.

    Args:
        status: HTTP status code.
        retry_after: the header, if there is one.
        now: the ground's clock.
    """
    why = f"HTTP status {status}"
    if status in OK:
        return Attempt(Delivery.SENT)
    if status == TOO_MANY_REQUESTS or status in SERVER_ERRORS:
        return Attempt(None, why, asked_pause_s(retry_after, now))
    return Attempt(Delivery.REFUSED, why)


def asked_pause_s(retry_after: str | None, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3); None where it makes none.

    Args:
        retry_after: seconds, or an HTTP date.
        now: the ground's clock.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_ASKED_PAUSE_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0.0, (until - now).total_seconds()), LONGEST_ASKED_PAUSE_S)


def pause_s(failures: int, asked_s: float | None, random: float) -> float:
    """How long to wait before the next attempt.

    It doubles with each failure in a row, up to a minute, and half of it is left to chance, so
    that what failed together does not come back together; never sooner than was asked for.

    Args:
        failures: in a row, from 1.
        asked_s: by the receiver, if it did.
        random: from 0 to 1.
    """
    doublings = min(failures - 1, 16)
    full_s: float = min(FIRST_PAUSE_S * 2**doublings, LONGEST_PAUSE_S)
    return max(full_s * (1 + random) / 2, asked_s or 0.0)
