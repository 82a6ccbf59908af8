"""The operator in a world of its own, so that many can run side by side on one API server.

It is the operator's own assembly, with two changes: its connection shows it the objects of its
world alone, which are told by a label or a namespace; and it follows Perigee's own kinds by that
same connection, in the place of kopf.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Final, NoReturn, Self
from unittest.mock import patch

import typer

from perigee_api import names
from perigee_operator import main
from perigee_operator.config import Config
from perigee_operator.domain import kinds
from perigee_operator.domain.kinds import Kind
from perigee_operator.logs import configure_logs
from perigee_operator.services import operation
from perigee_operator.storage import api as storage_api
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.fleet import OWN_KINDS, FleetCache
from perigee_operator.storage.scope import Listing, Scope, WatchEvent

EVERYBODYS: Final = "everybodys"
"""Label value of what all worlds share: the Lease by which operators hear themselves."""

PATIENT_S: Final = 60
"""So long a request may take that no test keeps from its answer, on a busy machine."""

HASTE: Final = {
    "perigee_operator.domain.liveness.silence.KUBELET_PATIENCE_S": 3.0,
    "perigee_operator.domain.satellite.ROUTING_S": 1.0,
    "perigee_operator.domain.satellite.SETTLING_S": 1.0,
    "perigee_operator.services.measurements.jobs.HELD_UP_AGAIN_S": 1.0,
    "perigee_operator.services.measurements.jobs.TIDIED_EVERY_S": 1.0,
    "perigee_operator.storage.reflector.FIRST_DELAY_S": 0.1,
}
"""Constants of the operator, in seconds, and what stands for them in a hurry."""


class WorldApi(KubernetesApi):
    """A connection that shows one world.

    An operator that cannot list Perigee's own kinds when it starts gives up, and its Pod is
    started anew. Nobody does that here, and a busy machine may well take longer over it than a
    world has patience for; no test keeps these answers back, so they are waited for as ever.
    """

    def __init__(self, world: str, namespace: str, patience_s: float) -> None:
        super().__init__(timeout_s=patience_s)
        self._world = world
        self._namespace = namespace
        self._patient = KubernetesApi(timeout_s=PATIENT_S)

    async def __aenter__(self) -> Self:
        await self._patient.__aenter__()
        return await super().__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await super().__aexit__(exc_type, exc, traceback)
        await self._patient.__aexit__(exc_type, exc, traceback)

    async def list(self, scope: Scope) -> Listing:
        """What there is of a scope in this world."""
        if scope.kind in OWN_KINDS:
            return await self._patient.list(self._in_world(scope))
        return await super().list(self._in_world(scope))

    @asynccontextmanager
    async def watch(
        self, scope: Scope, *, resource_version: str, timeout_s: int
    ) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        """What happens of a scope in this world."""
        seen = super().watch(
            self._in_world(scope), resource_version=resource_version, timeout_s=timeout_s
        )
        async with seen as events:
            yield events

    def _in_world(self, scope: Scope) -> Scope:
        if scope.kind in (kinds.NODE, kinds.SATELLITE_NODE):
            return replace(scope, label_selector=f"world={self._world}")
        if scope.kind == kinds.LEASE:
            worlds = f"world in ({self._world},{EVERYBODYS})"
            return replace(scope, label_selector=worlds)
        return replace(scope, namespace=self._namespace) if scope.kind.namespaced else scope


@contextmanager
def hastily() -> Iterator[None]:
    """Cuts down what the operator waits for."""
    patches = [patch(name, value) for name, value in HASTE.items()]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def run(world: str, namespace: str, patience_s: float) -> None:
    """As the operator's command `run`, without kopf."""
    config = Config()
    configure_logs(config.log_format, config.log_level)
    with asyncio.Runner() as runner:
        runner.run(_run(config, partial(WorldApi, world, namespace), patience_s))
    raise typer.Exit(main.EXIT_UNAVAILABLE)


async def _run(config: Config, connect: Callable[[float], WorldApi], patience_s: float) -> None:
    with (
        patch.object(operation, "KubernetesApi", partial(connect, patience_s)),
        # It starts beside many others, and is hindered from shaking hands by those.
        patch.object(storage_api, "CONNECT_TIMEOUT_S", PATIENT_S),
    ):
        await _operate(config, connect(PATIENT_S))


async def _operate(config: Config, connection: WorldApi) -> None:
    async with (
        connection as api,
        operation.operating(config) as fleet,
        asyncio.TaskGroup() as group,
    ):
        for kind in OWN_KINDS:
            group.create_task(_follow(api, fleet, kind))


async def _follow(api: KubernetesApi, fleet: FleetCache, kind: Kind) -> NoReturn:
    """Hands every event to the fleet, as kopf's handlers do, and begins anew as kopf does."""
    while True:
        with suppress(ApiError, ApiUnreachableError):
            listing = await api.list(Scope(kind))
            for item in listing.items:
                fleet.observe(kind, None, item)
            version = listing.resource_version
            watch = api.watch(Scope(kind), resource_version=version, timeout_s=3600)
            async with watch as events:
                async for event in events:
                    if event.type != "BOOKMARK":
                        fleet.observe(kind, event.type, event.object)


def everybodys_lease() -> dict[str, object]:
    """The operators' own Lease, seen in all worlds."""
    return {
        "metadata": {
            "name": "perigee-operator",
            "namespace": names.HEARTBEAT_NAMESPACE,
            "labels": {"world": EVERYBODYS},
        },
        "spec": {"holderIdentity": "nobody"},
    }
