"""The one error that a client gets to see."""

from http import HTTPStatus
from typing import Final

_SHOWN_CHARACTERS: Final = 60


class RequestError(Exception):
    """A request cannot be answered.

    Attributes:
        status: HTTP status.
        message: What was wrong, where, and what to do; the protocol's ``error``.
        retry_after_s: When to try again, where that helps.
    """

    def __init__(
        self,
        message: str,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s


def shown(value: object) -> str:
    """What a client sent, quoted and cut short, for an error message."""
    text = repr(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
