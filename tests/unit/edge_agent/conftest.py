"""HTTP servers on loopback that behave as badly as a test wants."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from perigee_api.heartbeat import AssignedArtifact


@dataclass
class Depot:
    """A server of one file. Change its fields between requests, or while it answers."""

    content: bytes
    etag: str | None = '"v1"'
    knows_ranges: bool = True
    knows_if_range: bool = True
    tells_length: bool = True
    statuses: list[int] = field(default_factory=list)
    """Answered in turn, with no body, before the file is."""
    cuts: list[int] = field(default_factory=list)
    """In turn: after so many bytes of a body the connection is cut."""
    extra_headers: list[str] = field(default_factory=list)
    pause_after: int | None = None
    """After so many bytes of a body it waits for `proceed`."""
    proceed: asyncio.Event = field(default_factory=asyncio.Event)
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[dict[str, str]] = field(default_factory=list)
    body_bytes: int = 0
    url: str = ""
    small_files: dict[str, bytes] = field(default_factory=dict)
    """Served whole, by path, beside the one."""

    def artifact(self, name: str = "model.onnx") -> AssignedArtifact:
        """What the ground assigns if the server's content is right now what it should be."""
        digest = hashlib.sha256(self.content).hexdigest()
        return AssignedArtifact(sha256=digest, uri=self.url + name, size=len(self.content))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
            lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:])
            self.requests.append({"": lines[0], **headers})
            small = self.small_files.get(lines[0].split()[1])
            if small is None:
                await self._send(writer, headers)
            else:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(small) + small)
        except ConnectionError:
            pass  # the client has gone, as some tests want
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _send(self, writer: asyncio.StreamWriter, headers: dict[str, str]) -> None:
        if self.statuses:
            status = self.statuses.pop(0)
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n".encode())
            writer.write("".join(f"{one}\r\n" for one in self.extra_headers).encode() + b"\r\n")
            await writer.drain()
            return
        body, first_line, answer = self.content, "HTTP/1.1 200 OK", list(self.extra_headers)
        offset = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        same = not self.knows_if_range or headers.get("if-range", self.etag) == self.etag
        if offset and self.knows_ranges and same:
            start = int(offset[1])
            if start >= len(body):
                writer.write(
                    f"HTTP/1.1 416 X\r\ncontent-range: bytes */{len(body)}\r\n"
                    "content-length: 0\r\n\r\n".encode()
                )
                await writer.drain()
                return
            first_line = "HTTP/1.1 206 Partial Content"
            answer.append(f"content-range: bytes {start}-{len(body) - 1}/{len(body)}")
            body = body[start:]
        if self.tells_length:
            answer.append(f"content-length: {len(body)}")
        if self.etag:
            answer.append(f"etag: {self.etag}")
        answer.append("connection: close")
        writer.write("\r\n".join([first_line, *answer, "", ""]).encode())
        await self._send_body(writer, body)

    async def _send_body(self, writer: asyncio.StreamWriter, body: bytes) -> None:
        cut = self.cuts.pop(0) if self.cuts else None
        sent = 0
        stops = sorted(
            {one for one in (cut, self.pause_after) if one is not None and one < len(body)}
        )
        for stop in (*stops, len(body)):
            writer.write(body[sent:stop])
            await writer.drain()
            self.body_bytes += stop - sent
            sent = stop
            if sent == cut:
                return
            if sent == self.pause_after:
                self.paused.set()
                await self.proceed.wait()


@asynccontextmanager
async def serving(depot: Depot) -> AsyncIterator[Depot]:
    server = await asyncio.start_server(depot.answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    depot.url = f"http://{host}:{port}/"
    async with server:
        yield depot


@pytest.fixture
async def depot() -> AsyncIterator[Depot]:
    """Serves a file of 1 MiB and a bit."""
    content = bytes(range(256)) * 4096 + b"and a bit"
    async with serving(Depot(content)) as one:
        yield one
        one.proceed.set()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], object]:
    """Awaits a condition that nothing announces, such as a file's growth; for 60 s at most."""

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0.01)

    return until
