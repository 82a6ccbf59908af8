import asyncio
from functools import partial

from perigee_lab.forwarder import forward


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer what was said, doubled, once all is said."""
    said = await reader.read()
    writer.write(said * 2)
    writer.close()


async def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def test_both_directions_are_carried_to_their_ends() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as far:
        connected = partial(forward, host="127.0.0.1", port=await port_of(far))
        async with await asyncio.start_server(connected, "127.0.0.1", 0) as near:
            reader, writer = await asyncio.open_connection("127.0.0.1", await port_of(near))
            content = bytes(range(256)) * 4096
            writer.write(content)
            writer.write_eof()
            assert await reader.read() == content * 2
            writer.close()
            await writer.wait_closed()


async def test_nobody_behind_it_closes_the_connection() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as gone:
        unused = await port_of(gone)
    connected = partial(forward, host="127.0.0.1", port=unused)
    async with await asyncio.start_server(connected, "127.0.0.1", 0) as near:
        reader, writer = await asyncio.open_connection("127.0.0.1", await port_of(near))
        try:
            assert await asyncio.wait_for(reader.read(), timeout=60) == b""
        except ConnectionResetError:
            pass
        finally:
            writer.close()
