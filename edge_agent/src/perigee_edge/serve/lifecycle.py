"""From the first socket to the last answer."""

import asyncio
import logging
import signal
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from perigee_api.termination import EXIT_STATUS, Termination, TerminationReason
from perigee_edge.logs import ToStructlog
from perigee_edge.serve.app import create_app
from perigee_edge.serve.arguments import as_served
from perigee_edge.serve.batching import Batcher
from perigee_edge.serve.claimant import Claimant, Standing, is_active
from perigee_edge.serve.counting import Counting
from perigee_edge.serve.handed import HandedSockets
from perigee_edge.serve.loading import LoadError, load
from perigee_edge.serve.metrics import Metrics
from perigee_edge.serve.recheck import until_golden_set_fails
from perigee_edge.serve.served_model import ModelState, Running, ServedModel
from perigee_edge.serve.settings import ModelSettings, ServerSettings, ServeSettings
from perigee_edge.serve.shadow.introduced import Introduced
from perigee_edge.serve.shadow.mirror import Mirror
from perigee_edge.serve.supervised import Supervised
from perigee_edge.serve.telling import counting_of, tell
from perigee_edge.serve.termination import write_termination

_log = structlog.get_logger(__name__)

_JUST_CONNECTED_S: Final = 0.5
"""For a client that has connected to send its request, when the server leaves at once."""

_IDLE_CONNECTION_S: Final = 75
"""Longer than the 60 s that proxies keep unused connections: they close theirs first."""


class _Server(uvicorn.Server):
    """Leaves signals to `_drained`; uvicorn would stop listening at the first one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class _Stop:
    """Signals so far."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    insisted: asyncio.Event = field(default_factory=asyncio.Event)

    def signal(self) -> None:
        (self.insisted if self.asked.is_set() else self.asked).set()


def run(settings: ServeSettings) -> int:
    """Serve until a signal comes or the model proves unfit; gives the exit status."""
    logging.basicConfig(level=logging.WARNING, handlers=[ToStructlog()])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        termination = runner.run(_run(settings))
    if termination is None:
        return 0
    if settings.server.supervisor_fd is None:
        # Otherwise the supervisor writes it, if the container is to end for it.
        write_termination(settings.server.termination_log, termination)
    return EXIT_STATUS[termination.reason]


async def _run(settings: ServeSettings) -> Termination | None:
    try:
        listeners = _listeners(settings.server)
    except OSError as error:
        return Termination(
            reason=TerminationReason.CONFIGURATION_INVALID,
            message=f"cannot listen on {settings.server.host} port {settings.server.port}: {error}",
        )
    model = ServedModel(settings.model.name, settings.model.revision)
    counting = counting_of(settings)
    metrics = Metrics(
        ready=lambda: model.ready,
        waiting=lambda: model.waiting,
        count=counting.request if counting else None,
    )
    metrics.model(model.name, model.revision, settings.model.engine, settings.model.artifact)
    mirror = Mirror()
    observe = counting.sampled if counting else None
    app = create_app(model, settings.limits, metrics, mirror, observe)
    config = _configuration(app, settings.server)
    server = _Server(config)
    handed, own = HandedSockets(config, server), HandedSockets(config, server)
    stop = _Stop()
    supervised = _supervised(settings.server, own, model, metrics, stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.signal)
    # If the batcher fails, the group ends everything with a traceback: better no server than one
    # that takes requests and answers none.
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=listeners))
        work = _Work(settings.model, model, metrics, supervised, counting)
        working = tasks.create_task(work.done(tasks))
        leaving = _Leaving(server, model, handed, own, supervised)
        others = [
            tasks.create_task(_drained(stop, leaving, settings.server)),
            tasks.create_task(_claimed(settings, model, handed, supervised, stop)),
            *([tasks.create_task(supervised.run())] if supervised else []),
            *map(tasks.create_task, _told(settings, model, counting, mirror, supervised)),
        ]
        for listener in listeners:
            _log.info("listening", port=listener.getsockname()[1], model=model.name)
        await asyncio.wait({serving, working}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            await leaving.finish()
        server.should_exit = True
        leaving.give_back()
        await serving
        work.computing.cancel()
        for task in (working, *others):
            task.cancel()
    _log.info("stopped")
    return None if working.cancelled() else working.result()


def _told(
    settings: ServeSettings,
    model: ServedModel,
    counting: Counting | None,
    mirror: Mirror,
    supervised: Supervised | None,
) -> tuple[Coroutine[Any, Any, None], ...]:
    """What the agent is told, and asked for; nothing where no Pod serves."""
    if counting is None:
        return ()
    accepts = (lambda: supervised.accepts) if supervised else (lambda: True)
    introduced = Introduced(settings, model, mirror, counting, accepts)
    return tell(counting, settings.model.artifact_directory), introduced.run()


def _configuration(app: FastAPI, settings: ServerSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE_CONNECTION_S,
        timeout_graceful_shutdown=round(settings.finish_s),
    )


def _supervised(
    settings: ServerSettings, own: HandedSockets, model: ServedModel, metrics: Metrics, stop: _Stop
) -> Supervised | None:
    if settings.supervisor_fd is None:
        return None
    connection = socket.socket(fileno=settings.supervisor_fd)
    return Supervised(connection, own, model, metrics, stop.asked.set)


async def _claimed(
    settings: ServeSettings,
    model: ServedModel,
    handed: HandedSockets,
    supervised: Supervised | None,
    stop: _Stop,
) -> None:
    """Serve the model's address on board whenever its keeper hands it over."""

    def standing() -> Standing:
        # One that stands by, or is gone back from, is not to be asked here, either.
        wanted = supervised is None or supervised.accepts
        verified = model.state is ModelState.READY and wanted
        active = is_active(settings.server.active_file)
        return Standing(verified=verified, active=active, ending=model.draining and wanted)

    claimant = Claimant(as_served(settings), handed, standing)
    if settings.server.handover_fd is not None:
        with socket.socket(fileno=settings.server.handover_fd) as connection:
            connection.setblocking(False)  # noqa: FBT003
            with suppress(OSError):  # the keeper is gone
                await claimant.serve(connection)
        # Nobody else would end it.
        stop.asked.set()
    elif settings.server.handover is not None:
        await claimant.follow(settings.server.handover)


class _Work:
    """Loading the model, and computing with it."""

    def __init__(
        self,
        settings: ModelSettings,
        model: ServedModel,
        metrics: Metrics,
        supervised: Supervised | None,
        counting: Counting | None,
    ) -> None:
        self.computing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Goes on when the rest is done: what has begun is finished."""
        self._settings = settings
        self._model = model
        self._metrics = metrics
        self._supervised = supervised
        self._counting = counting

    async def done(self, tasks: asyncio.TaskGroup) -> Termination:
        """Load the model and have it compute; returns only once it must not serve."""
        termination = await self._until_unfit(tasks)
        if self._supervised is not None:
            self._supervised.failed(termination)
        return termination

    async def _until_unfit(self, tasks: asyncio.TaskGroup) -> Termination:
        settings, model = self._settings, self._model
        try:
            loaded = await asyncio.to_thread(load, settings)
        except LoadError as error:
            model.fail()
            return error.termination
        if loaded.verdict:
            self._metrics.golden(loaded.verdict)
        if self._counting:
            self._counting.refer_to(loaded.reference)
        batcher = Batcher(loaded.session, settings.batching_options, self._metrics.batch)
        running = Running(loaded.session, batcher)
        model.serve(running)
        self.computing = tasks.create_task(batcher.run())
        _log.info("ready", model=model.name, revision=model.revision)
        if self._supervised is not None:
            self._supervised.ready()
        return await until_golden_set_fails(running, settings)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """What ends in order."""

    server: _Server
    model: ServedModel
    handed: HandedSockets
    own: HandedSockets
    supervised: Supervised | None

    @property
    def is_replaced(self) -> bool:
        """Another worker accepts in this one's place, or is about to."""
        return self.supervised is not None and self.supervised.left

    def give_back(self) -> None:
        """Accept no more."""
        self.handed.give_back()
        self.own.give_back()

    async def finish(self) -> None:
        """Accept no more, and answer those who have connected just now."""
        self.model.draining = True
        self.give_back()
        emptied = asyncio.gather(self.handed.emptied(), self.own.emptied())
        with suppress(TimeoutError):
            await asyncio.wait_for(emptied, _JUST_CONNECTED_S)


async def _drained(stop: _Stop, leaving: _Leaving, settings: ServerSettings) -> None:
    """At the first signal turn unready and go on for a while; at the second stop at once."""
    await stop.asked.wait()
    leaving.model.draining = True
    leaving.handed.give_back()
    if leaving.is_replaced:
        await leaving.finish()
    elif leaving.model.state is ModelState.READY:
        _log.info("draining", seconds=settings.drain_s)
        ends: list[asyncio.Task[Any]] = [asyncio.create_task(stop.insisted.wait())]
        if settings.handover_fd is not None:
            # Nobody can connect any more: it is over when nobody is connected.
            ends.append(asyncio.create_task(leaving.handed.emptied()))
        await asyncio.wait(ends, timeout=settings.drain_s, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()
    leaving.server.should_exit = True
    await stop.insisted.wait()
    leaving.server.force_exit = True


def _listeners(settings: ServerSettings) -> list[socket.socket]:
    if settings.handover_fd is not None or settings.supervisor_fd is not None:
        return []
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return [socket.create_server((settings.host, settings.port), family=family)]
