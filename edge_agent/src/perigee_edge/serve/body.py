"""Reading a request's body within bounds of size, time and memory."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from perigee_edge.serve.protocol.errors import RequestError, shown
from perigee_edge.serve.settings import RequestLimits

_WINDOW_BITS: Final = {"gzip": 31, "deflate": 15}
"""By content coding; RFC 9110 says that deflate is the zlib format. See zlib's inflateInit2."""

_BUSY_RETRY_S: Final = 1


class BodyBudget:
    """Memory for the bodies of all requests under way."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._used_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Taken now."""
        return self._used_bytes

    @contextmanager
    def share(self) -> Iterator["BodyShare"]:
        """One request's part, given back at the end of the block."""
        share = BodyShare(self)
        try:
            yield share
        finally:
            share.give_back(share.used_bytes)

    def take(self, count: int) -> None:
        """Count more bytes as used.

        Raises:
            RequestError: With status 429, if there is no room.
        """
        if self._used_bytes + count > self._capacity_bytes:
            raise RequestError(
                "the requests under way take all the memory that there is for them; try again",
                HTTPStatus.TOO_MANY_REQUESTS,
                retry_after_s=_BUSY_RETRY_S,
            )
        self._used_bytes += count

    def give_back(self, count: int) -> None:
        """Count bytes as free again."""
        self._used_bytes -= count


class BodyShare:
    """What one request has taken of a budget."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self.used_bytes = 0

    def take(self, count: int) -> None:
        """As `BodyBudget.take`."""
        self._budget.take(count)
        self.used_bytes += count

    def give_back(self, count: int) -> None:
        """As `BodyBudget.give_back`."""
        self._budget.give_back(count)
        self.used_bytes -= count


async def read_body(
    chunks: AsyncIterator[bytes], share: BodyShare, max_bytes: int, timeout_s: float
) -> bytearray:
    """All chunks, one after the other.

    Raises:
        RequestError: Too many bytes (413), none for too long (408), or no memory (429).
    """
    body = bytearray()
    while True:
        try:
            async with asyncio.timeout(timeout_s):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            raise RequestError(
                f"nothing came for {timeout_s:g} s in the middle of the body",
                HTTPStatus.REQUEST_TIMEOUT,
            ) from error
        if chunk is None:
            return body
        if len(body) + len(chunk) > max_bytes:
            raise too_large(max_bytes)
        share.take(len(chunk))
        body += chunk


def too_large(max_bytes: int) -> RequestError:
    """The error for a body of more than that."""
    return RequestError(
        f"the request's body has more than the {max_bytes} bytes allowed; "
        "send fewer samples a request",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


async def receive(
    chunks: AsyncIterator[bytes], coding: str | None, share: BodyShare, limits: RequestLimits
) -> bytearray | bytes:
    """The body, read and decompressed.

    Args:
        chunks: As they come.
        coding: The value of ``Content-Encoding``.
        share: Where the memory is taken from.
        limits: Of size and time.

    Raises:
        RequestError: As `read_body` and `decompressed`.
    """
    body = await read_body(chunks, share, limits.max_body_bytes, limits.body_timeout_s)
    if coding in (None, "", "identity"):
        return body
    # A small body may become a large one: its memory is taken before it is used.
    share.take(limits.max_body_bytes)
    plain = await asyncio.to_thread(decompressed, body, str(coding), limits.max_body_bytes)
    share.give_back(limits.max_body_bytes - len(plain))
    return plain


def decompressed(body: bytearray, coding: str, max_bytes: int) -> bytes:
    """Undo a content coding, ``gzip`` or ``deflate``.

    Raises:
        RequestError: Another coding (415), more than `max_bytes` (413), or damaged data.
    """
    if coding not in _WINDOW_BITS:
        raise RequestError(
            f"Content-Encoding {shown(coding)} is not supported, only {' and '.join(_WINDOW_BITS)}",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    stream = zlib.decompressobj(wbits=_WINDOW_BITS[coding])
    try:
        plain = stream.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise RequestError(f"the request's body is not {coding}: {error}") from error
    if len(plain) > max_bytes:
        raise too_large(max_bytes)
    if not stream.eof or stream.unused_data:
        raise RequestError(f"the request's body is not one whole stream of {coding}")
    return plain
