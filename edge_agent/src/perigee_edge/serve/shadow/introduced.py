"""Has the server of the revision that serves and a candidate's on the same satellite meet.

Each asks the agent for as long as it is one of the two, which its Pod's labels say: the one that
serves seeks, the one that is to answer beside it offers itself.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

import structlog

from perigee_api.names import SHADOW_SOCKET
from perigee_edge.handover.packets import receive_packet
from perigee_edge.meeting.messages import MeetingError, Offer, Seek, decode, encode
from perigee_edge.serve.claimant import is_active
from perigee_edge.serve.counting import Counting
from perigee_edge.serve.served_model import ServedModel
from perigee_edge.serve.settings import ServeSettings
from perigee_edge.serve.shadow.double import Double, answer_all
from perigee_edge.serve.shadow.mirror import Mirror

_log = structlog.get_logger(__name__)

POLL_S: Final = 1.0
"""How often labels are looked at, and an agent is tried that is not there."""


def percent_in(file: Path | None) -> int:
    """The share that the Pod's label says in a file; 0 where it says none that makes sense."""
    if file is None:
        return 0
    try:
        percent = int(file.read_text("ascii", errors="replace"))
    except (OSError, ValueError):
        return 0
    return percent if 0 < percent <= 100 else 0  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Introduced:
    """One server's part in it."""

    settings: ServeSettings
    model: ServedModel
    mirror: Mirror
    counting: Counting
    accepts: Callable[[], bool]
    """Whether it is let answer requests at all: one that stands by in its Pod is not."""

    async def run(self) -> NoReturn:
        """Meet whoever is there, until cancelled."""
        address = self.settings.model.artifact_directory / Path(SHADOW_SOCKET).name
        while True:
            said = self._said()
            if said is not None:
                with suppress(OSError):  # no agent, or one that is being started anew
                    await self._meet(address, said)
            await asyncio.sleep(POLL_S)

    def _said(self) -> Seek | Offer | None:
        """What this server has to say now."""
        model, server = self.settings.model, self.settings.server
        if not self.model.ready or not self.accepts():
            return None
        name = f"{server.namespace}/{model.name}"
        if is_active(server.active_file):
            return Seek(model=name, revision=model.revision)
        percent = percent_in(server.shadow_file)
        if not percent or model.golden is None:
            return None
        return Offer(model=name, revision=model.revision, percent=percent)

    async def _meet(self, address: Path, said: Seek | Offer) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as agent:
            agent.setblocking(False)  # noqa: FBT003
            agent.connect(str(address))
            if isinstance(said, Seek):
                await self._sought(agent, said)
            else:
                await self._offered(agent, said)

    async def _sought(self, agent: socket.socket, said: Seek) -> None:
        """Hand requests on to whoever comes, for as long as this server serves."""
        agent.send(encode(said))
        link: asyncio.Task[None] | None = None
        hearing = asyncio.create_task(receive_packet(agent))
        try:
            while self._said() == said:
                await asyncio.wait({hearing}, timeout=POLL_S)
                if not hearing.done():
                    continue
                received = hearing.result()
                if received is None:
                    return
                await _ended(link)
                link = self._linked(received[0], received[1])
                hearing = asyncio.create_task(receive_packet(agent))
        finally:
            hearing.cancel()
            await _ended(link)

    def _linked(self, packet: bytes, sockets: list[socket.socket]) -> asyncio.Task[None] | None:
        """Begins to hand requests on over the socket that came with an offer."""
        try:
            offer = decode(packet)
        except MeetingError as error:
            _log.warning("agent unintelligible", why=str(error))
            offer = None
        if not isinstance(offer, Offer) or len(sockets) != 1:
            for each in sockets:
                each.close()
            return None
        _log.info("handing requests on", revision=offer.revision, percent=offer.percent)
        return asyncio.create_task(self._handing_on(offer, sockets[0]))

    async def _handing_on(self, offer: Offer, link: socket.socket) -> None:
        reader, writer = await _streams(link)
        try:
            count = partial(self.counting.shadowed, offer.revision)
            await self.mirror.over(reader, writer, offer.percent, count)
        finally:
            writer.close()

    async def _offered(self, agent: socket.socket, said: Offer) -> None:
        """Answer what is handed on, for as long as this server is to and the agent is there."""
        golden = self.settings.model.golden
        if golden is None:
            return
        double = Double(
            self.model.running().session,
            golden,
            self.settings.model.max_batch_size,
            self.settings.limits.refuse_non_finite,
        )
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with its:
            socket.send_fds(agent, [encode(said)], [its.fileno()])
        reader, writer = await _streams(ours)
        over = asyncio.Event()
        hearing = asyncio.create_task(receive_packet(agent))
        answering = asyncio.create_task(answer_all(double, reader, writer, over))
        try:
            while self._said() == said and not hearing.done() and not answering.done():
                await asyncio.wait(
                    {hearing, answering}, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED
                )
            over.set()
            await answering
        finally:
            hearing.cancel()
            await _ended(answering)
            writer.close()


async def _streams(link: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    link.setblocking(False)  # noqa: FBT003
    return await asyncio.open_unix_connection(sock=link)


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait({task})
