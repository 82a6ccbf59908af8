"""The way to the API server, which a test can cut, slow down or throttle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


class Way:
    """Carries connections to the API server, as long as it is not cut."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = True
        self.delay_s = 0.0
        """Every piece of an answer comes later by so much."""

    def cut(self) -> None:
        """All connections end, and new ones are refused."""
        self._open = False
        for writer in self._writers:
            writer.transport.abort()

    def restore(self) -> None:
        """New connections are carried again."""
        self._open = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from the operator."""
        if not self._open:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(*self._target)
        self._writers |= {writer, back}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, back, slowly=False))
                group.create_task(self._pump(there, writer, slowly=True))
        finally:
            self._writers -= {writer, back}

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, slowly: bool
    ) -> None:
        with suppress(ConnectionError):
            while piece := await source.read(65536):
                if slowly and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                sink.write(piece)
                await sink.drain()
        sink.close()


@asynccontextmanager
async def way_to(kubeconfig: Path, copy: Path) -> AsyncIterator[Way]:
    """A way to the API server of a kubeconfig.

    Args:
        kubeconfig: names the API server by an address that its certificate has.
        copy: becomes a kubeconfig that leads over the way.
    """
    text = await asyncio.to_thread(kubeconfig.read_text)
    document: dict[str, Any] = yaml.safe_load(text)
    cluster = document["clusters"][0]["cluster"]
    url = urlsplit(cluster["server"])
    assert url.hostname
    assert url.port
    way = Way(url.hostname, url.port)
    server = await asyncio.start_server(way.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cluster["server"] = f"https://127.0.0.1:{port}"
    await asyncio.to_thread(copy.write_text, yaml.safe_dump(document))
    try:
        yield way
    finally:
        way.cut()
        server.close()
        await server.wait_closed()
