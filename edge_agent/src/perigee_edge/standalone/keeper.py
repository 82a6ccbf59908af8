"""The keeper of one address: does what the arbiter says with sockets and processes."""

import asyncio
import itertools
import math
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

from perigee_edge.handover.messages import (
    Accept,
    Claim,
    Message,
    MessageError,
    Release,
    Released,
    Withdraw,
)
from perigee_edge.handover.packets import receive, send
from perigee_edge.handover.served import Served
from perigee_edge.standalone.arbiter import (
    Action,
    Answer,
    Arbiter,
    Grant,
    Remember,
    Start,
    Stop,
    TakeBack,
)
from perigee_edge.standalone.log import log
from perigee_edge.standalone.records import Records
from perigee_edge.standalone.stand_in import SERVE, StandIn, is_unfit
from perigee_edge.standalone.unavailable import answer

BACKLOG: Final = 4096
"""Connections that wait while nobody accepts; the kernel's net.core.somaxconn bounds it, too."""

ROOT_CHECK_S: Final = 5.0


class Keeper:
    """Keeps one address served until it is told to end."""

    def __init__(  # noqa: PLR0913 - each is something else
        self,
        address: Sequence[socket.socket],
        servers: socket.socket,
        records: Records,
        known: tuple[Served, ...],
        *,
        serve: Sequence[str] = SERVE,
        is_outdated: Callable[[], bool] = lambda: False,
    ) -> None:
        """Nothing happens before `run`.

        Args:
            address: The listening sockets that clients connect to.
            servers: The listening socket (SOCK_SEQPACKET) that servers connect to.
            records: Where the last good revisions are written.
            known: What is written there now.
            serve: The command of the stand-in.
            is_outdated: Whether there is a newer copy of the image than this runs from.
        """
        self._address = address
        self._servers = servers
        self._records = records
        self._serve = serve
        self._is_outdated = is_outdated
        self._arbiter = Arbiter(known)
        self._connections: dict[int, socket.socket] = {}
        self._numbers: dict[int, int] = {}
        """Of the last claim that came over each connection."""
        self._ids = itertools.count(1)
        self._stand_in: StandIn | None = None
        self._own_server: int | None = None
        """The stand-in's connection."""
        self._answering: list[asyncio.Server] = []
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = asyncio.Event()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT, or until a newer copy of the image should take over."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told.set)
        work = [self._accept_servers(), self._act(), self._watch_root(), self._told.wait()]
        running = [asyncio.ensure_future(each) for each in work]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*running, *self._tasks):
                task.cancel()
            await self._end_stand_in()
        for task in running:
            if task.done() and not task.cancelled():
                task.result()

    async def _end_stand_in(self) -> None:
        if self._stand_in is not None:
            self._stand_in.stop()
            await self._stand_in.ended()

    async def _watch_root(self) -> None:
        # Nothing announces a new link.
        while not (self._arbiter.replaceable and self._is_outdated()):  # noqa: ASYNC110
            await asyncio.sleep(ROOT_CHECK_S)
        log("newer_image", message="the unit starts the keeper again, from the newer copy")

    async def _accept_servers(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._servers)
            self._follow(connection)

    def _follow(self, connection: socket.socket) -> int:
        """Hear a server until its connection ends."""
        server = next(self._ids)
        connection.setblocking(False)  # noqa: FBT003
        self._connections[server] = connection
        self._begin(self._hear(server, connection))
        return server

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hear(self, server: int, connection: socket.socket) -> None:
        try:
            while (received := await receive(connection)) is not None:
                message, unasked = received
                for each in unasked:
                    each.close()
                await self._heed(server, message)
                self._news.set()
        except MessageError as error:
            log("server_unintelligible", "error", server=server, message=str(error))
        finally:
            del self._connections[server]
            self._numbers.pop(server, None)
            connection.close()
            self._arbiter.gone(server, time.monotonic())
            self._news.set()

    async def _heed(self, server: int, message: Message) -> None:
        match message:
            case Claim(number, served):
                self._numbers[server] = number
                self._claimed(server, served)
            case Withdraw(why):
                log("withdrawn", server=server, why=why)
                if action := self._arbiter.withdrawn(server, why, time.monotonic()):
                    await self._do(action)
            case Released(number):
                if number == self._numbers.get(server):
                    self._arbiter.released(server)
            case _:
                raise MessageError("a server says what only the keeper says")

    def _claimed(self, server: int, served: Served) -> None:
        own = server == self._own_server
        log("claimed", server=server, revision=served.revision, stand_in=own)
        if own:
            self._arbiter.stand_in_claimed(server)
        else:
            self._arbiter.claimed(server, served)

    async def _act(self) -> None:
        while True:
            self._news.clear()
            while action := self._arbiter.next_action(time.monotonic()):
                await self._do(action)
            due_s = self._arbiter.due_s()
            wait_s = None if math.isinf(due_s) else max(0.0, due_s - time.monotonic())
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def _do(self, action: Action) -> None:
        match action:
            case Remember(known):
                self._remember(known)
            case Grant(server):
                log("granted", server=server, stand_in=server == self._own_server)
                self._say(server, Accept(self._numbers[server]), self._address)
            case TakeBack(server):
                self._say(server, Release(self._numbers[server]))
            case Start(served):
                await self._start(served)
            case Stop(at_once):
                if self._stand_in is not None:
                    self._stand_in.stop(at_once=at_once)
            case Answer(on):
                await self._answer(on=on)

    def _remember(self, known: tuple[Served, ...]) -> None:
        try:
            self._records.write(known)
        except OSError as error:
            # It still serves; only the next boot would not know of it.
            log("record_not_written", "error", message=str(error))
        else:
            log("recorded", revisions=[one.revision for one in known])

    def _say(
        self, server: int, message: Accept | Release, sockets: Sequence[socket.socket] = ()
    ) -> None:
        connection = self._connections.get(server)
        if connection is None:
            return
        try:
            send(connection, message, sockets)
        except OSError as error:
            # It is gone, or hears nothing any more: its connection ends, and `_hear` says so.
            log("server_deaf", "warning", server=server, message=str(error))
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    async def _start(self, served: Served) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            self._own_server = self._follow(ours)
            try:
                self._stand_in = await StandIn.start(served, its, self._serve)
            except OSError as error:
                log("stand_in_not_started", "error", message=str(error))
                self._arbiter.stand_in_ended(unfit=False, now_s=time.monotonic())
                return
        log("stand_in_started", pid=self._stand_in.pid, revision=served.revision)
        self._begin(self._await_end(self._stand_in))

    async def _await_end(self, stand_in: StandIn) -> None:
        status = await stand_in.ended()
        log("stand_in_ended", status=status)
        self._stand_in = None
        self._own_server = None
        self._arbiter.stand_in_ended(unfit=is_unfit(status), now_s=time.monotonic())
        self._news.set()

    async def _answer(self, *, on: bool) -> None:
        for each in self._answering:
            each.close()
        self._answering = []
        if on:
            log("unavailable", message="nothing good is known: every request is answered with 503")
            self._answering = [
                await asyncio.start_server(answer, sock=each.dup(), backlog=BACKLOG)
                for each in self._address
            ]
