"""How fetching an artifact can fail."""

import errno
from enum import StrEnum
from typing import Final


class FailureReason(StrEnum):
    """Why an artifact is reported as failed."""

    DIGEST_MISMATCH = "DigestMismatch"
    SIZE_MISMATCH = "SizeMismatch"
    NOT_FOUND = "NotFound"
    REFUSED = "Refused"
    NO_ROOM = "NoRoom"
    DISK_ERROR = "DiskError"


class FetchError(Exception):
    """An artifact did not come this time; the text is a sentence for a person."""


class Interrupted(FetchError):  # noqa: N818 - named for what happened
    """Nothing is wrong with the artifact: link or server went away, and it is tried again."""


class PiecesMismatch(Interrupted):
    """The pieces of several downloads are no whole; they may be of different files.

    Not every server says when its file changes between two pieces, and a disk may have damaged
    what came first. So the artifact is fetched once more before the server is blamed.
    """


class Superseded(FetchError):  # noqa: N818
    """Something more urgent is to be fetched first; what came so far is kept."""


class Rejected(FetchError):  # noqa: N818
    """Something is wrong that only a change elsewhere mends; it is reported, and tried rarely."""

    def __init__(self, reason: FailureReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


CONTENT_REASONS: Final = frozenset({FailureReason.DIGEST_MISMATCH, FailureReason.SIZE_MISMATCH})
"""The server has another file than the one assigned."""

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def from_disk_error(error: OSError) -> Rejected:
    """What a failed write, sync or rename means for the artifact."""
    if error.errno in _FULL:
        return Rejected(
            FailureReason.NO_ROOM, f"the disk is full ({error.strerror}): free room on board"
        )
    return Rejected(
        FailureReason.DISK_ERROR, f"the disk failed ({error.strerror or error}): check it"
    )
