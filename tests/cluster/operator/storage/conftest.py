"""A real API server, and a link to it that can be cut."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest
import yaml

from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError
from perigee_operator.storage.fleet import OWN_KINDS, FleetCache
from perigee_operator.storage.scope import Scope

CHECKOUT = Path(__file__).parents[4]
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
DEFINITION = Kind(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)


class ControlPlane(Protocol):
    kubeconfig: Path


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[KubernetesApi]:
    async with KubernetesApi(control_plane.kubeconfig) as api:
        yield api


LEFT_BEHIND = (
    Scope(kinds.NODE),
    Scope(kinds.SERVICE, "default"),
    Scope(kinds.LEASE, names.HEARTBEAT_NAMESPACE),
)


@pytest.fixture
async def name(api: KubernetesApi) -> AsyncIterator[str]:
    """For objects that no other test knows; those whose names begin so are gone afterwards."""
    name = f"t-{uuid.uuid4().hex[:10]}"
    yield name
    for scope in LEFT_BEHIND:
        for item in (await api.list(scope)).items:
            metadata = item["metadata"]
            if metadata["name"].startswith(name):
                key = ObjectKey(scope.kind, metadata["name"], scope.namespace)
                await api.delete(key, uid=metadata["uid"])


@pytest.fixture
async def heartbeat_namespace(api: KubernetesApi) -> str:
    await api.apply(ObjectKey(NAMESPACE, names.HEARTBEAT_NAMESPACE), {})
    return names.HEARTBEAT_NAMESPACE


@pytest.fixture
async def definitions(api: KubernetesApi) -> None:
    """Perigee's own kinds are installed and served."""
    for file in sorted((CHECKOUT / "crds/yaml").glob("*.yaml")):
        body = yaml.safe_load(file.read_text())
        await api.apply(ObjectKey(DEFINITION, body["metadata"]["name"]), body)
    for kind in OWN_KINDS:
        await eventually(partial(is_served, api, kind), within_s=30)


async def is_served(api: KubernetesApi, kind: Kind) -> bool:
    try:
        await api.list(Scope(kind))
    except ApiError as error:
        if error.status in (404, 429):
            return False
        raise
    return True


async def eventually(condition: Callable[[], Awaitable[bool]], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0.02)


Until = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Waits for something to become true."""

    async def until(condition: Callable[[], bool]) -> None:
        async def look() -> bool:
            return condition()

        await eventually(look, within_s=20)

    return until


class Link:
    """A relay on the loopback interface, in front of the API server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def restore(self) -> int:
        """Lets connections through; the port to connect to stays the same."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self._port

    async def cut(self) -> None:
        """Ends all connections, and refuses new ones."""
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        both = {writer, far_writer}
        self._writers |= both
        with suppress(ConnectionError):
            await asyncio.wait(
                {
                    asyncio.create_task(pump(reader, far_writer)),
                    asyncio.create_task(pump(far_reader, writer)),
                },
                return_when=asyncio.FIRST_COMPLETED,
            )
        for each in both:
            each.transport.abort()
        self._writers -= both


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@pytest.fixture
async def link(control_plane: ControlPlane, tmp_path: Path) -> AsyncIterator[Link]:
    """A link to the API server, and beside it, as ``tmp_path/linked``, a kubeconfig to use it."""
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    server = urlsplit(cluster["server"])
    assert server.hostname is not None
    assert server.port is not None
    link = Link(server.hostname, server.port)
    cluster["server"] = f"https://127.0.0.1:{await link.restore()}"
    (tmp_path / "linked").write_text(yaml.safe_dump(config))
    yield link
    await link.cut()


@pytest.fixture
async def linked_api(link: Link, tmp_path: Path) -> AsyncIterator[KubernetesApi]:
    """The API server, over the link."""
    assert link is not None
    async with KubernetesApi(tmp_path / "linked") as api:
        yield api


@dataclass
class Clock:
    """Time as it goes, and as much further as a test says."""

    ahead_s: float = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s


FollowFleet = Callable[[KubernetesApi, Clock], AbstractAsyncContextManager[FleetCache]]


@pytest.fixture
def new_fleet() -> Callable[..., FleetCache]:
    """Makes a fleet that does not follow anything yet."""

    def make(api: KubernetesApi, clock: Clock | None = None) -> FleetCache:
        return FleetCache(
            api,
            instance=f"test-{uuid.uuid4()}",
            now=lambda: datetime.now(UTC),
            monotonic=(clock or Clock()).monotonic,
            random=random.random,
        )

    return make


@pytest.fixture
def follow(new_fleet: Callable[..., FleetCache]) -> FollowFleet:
    """Runs a fleet for as long as the block lasts, from when all is listed."""

    @asynccontextmanager
    async def follow(api: KubernetesApi, clock: Clock | None = None) -> AsyncIterator[FleetCache]:
        fleet = new_fleet(api, clock)
        running = asyncio.create_task(fleet.run())
        try:
            await fleet.seed()
            async with asyncio.timeout(60):
                await fleet.synced()
            yield fleet
            assert not running.done(), "a fleet never ends by itself"
        finally:
            running.cancel()
            await asyncio.wait([running])

    return follow


@pytest.fixture
def clock() -> Clock:
    return Clock()
