"""What a server's answer to a request for an artifact means. Pure.

The rules are those of RFC 9110, sections 13 (conditional requests) and 14 (range requests).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from perigee_edge.artifacts.failures import FailureReason, Interrupted, Rejected

_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", re.ASCII)
_STRONG_ETAG: Final = re.compile(r'"[\x21\x23-\x7e]*"')
_GONE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_PASSING: Final = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True, slots=True)
class Resumption:
    """What has come so far and is to be continued."""

    offset: int
    """Bytes on board."""
    etag: str | None
    """The strong ETag of what they are a part of."""

    def request_headers(self) -> dict[str, str]:
        """The headers that ask for the rest, or for everything if that has changed since.

        Compression is refused: ranges and sizes would be those of the compressed form.
        """
        headers = {"Accept-Encoding": "identity"}
        if self.offset:
            headers["Range"] = f"bytes={self.offset}-"
            if self.etag is not None:
                headers["If-Range"] = self.etag
        return headers


@dataclass(frozen=True, slots=True)
class Body:
    """What the body of the answer holds."""

    from_start: bool
    """It is the whole artifact: what came before is to be dropped."""
    etag: str | None
    """The strong ETag of the artifact that it belongs to."""


@dataclass(frozen=True, slots=True)
class StartOver:
    """The server cannot continue what has come: drop it and ask for everything."""


def read_answer(
    status: int, headers: Mapping[str, str], asked: Resumption, size_bytes: int
) -> Body | StartOver:
    """Judge an answer by its status and headers.

    Args:
        status: HTTP status.
        headers: Response headers; looked up in lower case.
        asked: What the request asked to be continued.
        size_bytes: Size of the artifact as assigned.

    Raises:
        Interrupted: The server cannot answer now.
        Rejected: The server will not give this artifact, or has another under this address.
    """
    etag = headers.get("etag", "")
    strong_etag = etag if _STRONG_ETAG.fullmatch(etag) else None
    if status == HTTPStatus.PARTIAL_CONTENT:
        _refuse_encoding(headers)
        return _read_partial(headers, asked, strong_etag, size_bytes)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and asked.offset:
        _check_size(_total(headers), size_bytes)
        return StartOver()
    if status == HTTPStatus.OK:
        _refuse_encoding(headers)
        length = headers.get("content-length", "")
        _check_size(int(length) if length.isdecimal() else None, size_bytes)
        return Body(from_start=True, etag=strong_etag)
    raise _refusal(status)


def _read_partial(
    headers: Mapping[str, str], asked: Resumption, etag: str | None, size_bytes: int
) -> Body | StartOver:
    content_range = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if not asked.offset or content_range is None or content_range[1] is None:
        raise Rejected(FailureReason.REFUSED, "the server sent a part that was not asked for")
    _check_size(_total(headers), size_bytes)
    # Some servers do not know If-Range and continue whatever they have now.
    changed = asked.etag is not None and etag is not None and etag != asked.etag
    if changed or int(content_range[1]) != asked.offset:
        return StartOver()
    return Body(from_start=False, etag=etag)


def _total(headers: Mapping[str, str]) -> int | None:
    content_range = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if content_range is None or content_range[2] == "*":
        return None
    return int(content_range[2])


def _check_size(found: int | None, size_bytes: int) -> None:
    if found is not None and found != size_bytes:
        raise Rejected(
            FailureReason.SIZE_MISMATCH,
            f"the server has {found} bytes, the model's spec says {size_bytes}",
        )


def _refuse_encoding(headers: Mapping[str, str]) -> None:
    encoding = headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Rejected(
            FailureReason.REFUSED,
            f"the server sends the artifact as {encoding[:40]}, though not asked to",
        )


def _refusal(status: int) -> Interrupted | Rejected:
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Interrupted(f"the server answers {status}")
    if status in _GONE:
        return Rejected(FailureReason.NOT_FOUND, f"the server answers {status}: no such artifact")
    return Rejected(FailureReason.REFUSED, f"the server answers {status}")
