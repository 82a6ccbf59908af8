"""Packets with open files beside them, over a Unix socket of type SOCK_SEQPACKET (unix(7))."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final

from perigee_edge.handover.messages import MAX_MESSAGE_BYTES, Message, MessageError, decode, encode

MOST_SOCKETS: Final = 8


def send(
    connection: socket.socket, message: Message, sockets: Sequence[socket.socket] = ()
) -> None:
    """Send a message at once.

    Raises:
        OSError: The other side is gone, or takes nothing (it has had a hundred messages to read).
    """
    socket.send_fds(connection, [encode(message)], [each.fileno() for each in sockets])


async def receive(connection: socket.socket) -> tuple[Message, list[socket.socket]] | None:
    """The next message, and the sockets that came with it; None at the end of the connection.

    Args:
        connection: Does not block.

    Raises:
        MessageError: What came is no message. Nothing of it is kept.
    """
    received = await receive_packet(connection)
    if received is None:
        return None
    packet, sockets, whole = received
    try:
        return _message(packet, whole=whole), sockets
    except MessageError:
        for each in sockets:
            each.close()
        raise


def _message(packet: bytes, *, whole: bool) -> Message:
    if not whole:
        raise MessageError("a packet is too long, or too many sockets came with it")
    return decode(packet)


async def receive_packet(
    connection: socket.socket,
) -> tuple[bytes, list[socket.socket], bool] | None:
    """The next packet, the sockets that came with it, and whether all of it came.

    Args:
        connection: Does not block.

    Returns:
        None at the end of the connection.
    """
    loop = asyncio.get_running_loop()
    while True:
        readable = loop.create_future()
        loop.add_reader(connection, _note, readable)
        try:
            await readable
        finally:
            loop.remove_reader(connection)
        try:
            packet, descriptors, flags, _ = socket.recv_fds(
                connection, MAX_MESSAGE_BYTES, MOST_SOCKETS, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            continue
        except ConnectionError:
            return None
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        if not packet:
            return None
        return packet, sockets, not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)


def _note(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
