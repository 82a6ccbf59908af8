"""Satellites and their Pods, played on a real API server."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from perigee_api import names
from perigee_operator.domain.kinds import (
    CONTROLLER_REVISION,
    CRON_JOB,
    DAEMON_SET,
    INFERENCE_MODEL,
    JOB,
    LEASE,
    POD,
    REPLICA_SET,
    ROLLOUT_ACTION,
    SATELLITE_NODE,
    SERVICE,
)
from played import pod_status
from played.access import Access, Json, RefusedError
from played.satellite import Satellite
from played.serving_watch import ServingWatch

GONE_OR_CHANGED: Final = {404, 409}
LEFT: Final = (REPLICA_SET, DAEMON_SET, CONTROLLER_REVISION, ROLLOUT_ACTION, CRON_JOB, JOB)
"""What there may be in a namespace beside models, Services and Pods."""


class Constellation:
    """A world of its own: satellites, and the Pods of one namespace.

    ``async with Constellation(access, "world", ["sat-1"]) as sky``: Nodes join, heartbeats come,
    Pods start on them and end; nothing of it remains afterwards.
    """

    def __init__(
        self,
        access: Access,
        world: str,
        satellites: list[str],
        *,
        namespace: str | None = None,
        kubelet_leases: bool = True,
    ) -> None:
        self.access = access
        self.world = world
        self.namespace = namespace or world
        self.satellites = {
            name: Satellite(name, world, kubelet_lease=kubelet_leases) for name in satellites
        }
        self.statuses: dict[str, Callable[[str], Json]] = {}
        """How the Pods of certain artifacts fare, by digest; others run."""
        self.models: set[str] = set()
        """Names of the models that there have been."""
        self.pods: dict[str, Json] = {}
        """By uid, as the watch shows them."""
        self.serving = ServingWatch(self._is_reachable)
        self.changed = asyncio.Event()
        """Set at every event of a Pod."""
        self._tasks = asyncio.TaskGroup()
        self._background: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        for satellite in list(self.satellites.values()):
            await self._launch(satellite)
        self._play(self._watch_pods())
        self._play(self._watch_leases())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._background:
            task.cancel()
        try:
            await self._tasks.__aexit__(exc_type, exc, traceback)
        finally:
            await self.clear()

    async def launch(self, name: str, **fields: Any) -> Satellite:
        """A further satellite joins."""
        satellite = Satellite(name, self.world, **fields)
        self.satellites[name] = satellite
        await self._launch(satellite)
        return satellite

    def lose(self, name: str) -> None:
        """The link of a satellite goes down; what runs on board goes on."""
        self.satellites[name].reachable = False

    def restore(self, name: str) -> None:
        """The link is up again: its kubelet catches up."""
        satellite = self.satellites[name]
        satellite.reachable = True
        satellite.poked.set()
        for pod in list(self.pods.values()):
            if pod["spec"].get("nodeName") == name:
                self._tasks.create_task(self._act(pod))

    def turn(self, digest: str, status: Callable[[str], Json]) -> None:
        """Pods that serve an artifact have another status from now on, those that run, too."""
        self.statuses[digest] = status
        for pod in list(self.pods.values()):
            if pod_status.artifact_of(pod) == digest:
                self._tasks.create_task(self._act(pod))

    async def clear(self) -> None:
        """Takes away all that there is in this world."""
        selector = f"world={self.world}"
        await self.access.delete_all(INFERENCE_MODEL, self.namespace)
        await self.access.delete_all(SATELLITE_NODE, None, selector)
        for satellite in self.satellites.values():
            await self.access.delete(SATELLITE_NODE, satellite.name)
        for kind in LEFT:
            await self.access.delete_all(kind, self.namespace)
        for service in await self.access.list(SERVICE, self.namespace):
            await self.access.delete(SERVICE, service["metadata"]["name"], self.namespace)
        for satellite in self.satellites.values():
            await satellite.leave(self.access)
        await self._clear_pods()

    async def _clear_pods(self) -> None:
        """Until there are none."""
        async with asyncio.timeout(60):
            while await self.access.list(POD, self.namespace):
                await self.access.delete_all(POD, self.namespace)
                await asyncio.sleep(0.1)

    async def _launch(self, satellite: Satellite) -> None:
        await satellite.join(self.access)
        self._play(satellite.run_agent(self.access))
        self._play(satellite.run_kubelet(self.access))

    def _play(self, work: Any) -> None:
        self._background.append(self._tasks.create_task(work))

    def _is_reachable(self, node: str) -> bool:
        return node in self.satellites and self.satellites[node].reachable

    async def _watch_leases(self) -> None:
        selector = f"world={self.world}"
        async with self.access.watch(LEASE, names.HEARTBEAT_NAMESPACE, selector) as events:
            async for type_, lease in events:
                satellite = self.satellites.get(lease["metadata"]["name"])
                if satellite is not None and satellite.reachable and type_ != "DELETED":
                    satellite.read(lease)

    async def _watch_pods(self) -> None:
        async with self.access.watch(POD, self.namespace, names.MODEL_LABEL) as events:
            async for type_, pod in events:
                uid = pod["metadata"]["uid"]
                if type_ == "DELETED":
                    self.pods.pop(uid, None)
                else:
                    self.pods[uid] = pod
                    self._tasks.create_task(self._act(pod))
                self.serving.see(self.pods.values())
                self.changed.set()

    async def _act(self, pod: Json) -> None:
        """Does what the kubelet of the Pod's satellite does now."""
        metadata = pod["metadata"]
        if not self._is_reachable(pod["spec"].get("nodeName", "")):
            return
        try:
            if "deletionTimestamp" in metadata:
                options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
                await self.access.delete(POD, metadata["name"], self.namespace, **options)
                return
            status = self._status_of(pod)
            if not pod_status.is_done(pod, status):
                body = {"metadata": {"uid": metadata["uid"]}, "status": status}
                await self.access.patch(
                    POD, metadata["name"], body, self.namespace, subresource="status"
                )
        except RefusedError as error:
            if error.status not in GONE_OR_CHANGED:
                raise

    def _status_of(self, pod: Json) -> Json:
        status = self.statuses.get(pod_status.artifact_of(pod), pod_status.running)
        number = int(pod["metadata"]["uid"][:4], 16)
        return status(f"10.9.{number // 256}.{number % 256}")
