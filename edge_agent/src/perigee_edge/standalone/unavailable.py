"""The answer of an address where nothing good is known: 503 in the protocol's JSON."""

import asyncio
import json
from typing import Final

_MESSAGE: Final = "no model can serve here: none has been verified and active on this satellite yet"
_BODY: Final = json.dumps({"error": _MESSAGE}).encode()
RESPONSE: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Retry-After: 10\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)
_HEAD_BYTES: Final = 64 * 1024
_READ_BYTES: Final = 64 * 1024
_PATIENCE_S: Final = 5.0
"""For a client to send its request, and to read the answer."""


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection, whatever it asks.

    The connection is closed only once the client has closed it: closed with its body unread, the
    kernel would tell the client of a broken connection, and not of the answer.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(RESPONSE)
            writer.write_eof()
            while await reader.read(_READ_BYTES):
                pass
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return
    finally:
        writer.close()
