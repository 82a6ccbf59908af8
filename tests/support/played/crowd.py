"""A crowd of satellites, played on a real API server by a process of its own.

`Constellation` plays every whim of a few satellites; this one plays thousands in which all is well
until they fall silent. A satellite is a Node, a SatelliteNode and a heartbeat Lease; its agent has
at once what it is told to fetch, and its kubelet at once what it is to run.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from perigee_api import names
from perigee_api.heartbeat import ArtifactReport, ArtifactState, Assignment, Telemetry
from perigee_edge.report.cadence import lease_duration_s
from perigee_edge.report.content import build_report, encode
from perigee_edge.report.lease import lease_body
from perigee_operator.domain.kinds import LEASE, NODE, POD, SATELLITE_NODE
from played import pod_status
from played.access import NOT_FOUND, Access, Json, RefusedError
from played.resources import FIXED

AT_ONCE: Final = 48
"""Requests under way, of those that write."""
GROUP_LABEL: Final = "group"
GROUPS: Final = 100
"""A hundredth of the crowd bears each of the values g0 to g99 of that label."""
GONE_OR_CHANGED: Final = {404, 409}
SERVER_ERRORS: Final = 500
"""And beyond: its store does not answer in time, say. A heartbeat is lost then."""
ALLOCATABLE: Final = {"cpu": "4", "memory": "4Gi", "pods": "50"}
TELEMETRY: Final = Telemetry(
    memory_total_mib=3906,
    memory_available_mib=2710,
    disk_free_mib=23104,
    load1=0.42,
    temperature_c=21.5,
    battery_percent=83,
    lowest_battery_percent=71,
    highest_temperature_c=38.5,
    boot_id="6b2a5a9e-7f0a-4c1c-9d51-0b6f5e9c2b11",
    uptime_s=1_843_221,
)


@dataclass(frozen=True, slots=True)
class Part:
    """Satellites that are all alike."""

    prefix: str
    count: int
    beat_s: float
    lost_after_s: float

    @property
    def names(self) -> list[str]:
        """Of all of them."""
        return [f"{self.prefix}-{number:05}" for number in range(self.count)]


@dataclass(slots=True)
class _Board:
    """What is on board of one satellite."""

    beat_s: float
    heard: Assignment = field(default_factory=Assignment)
    sequence: int = 0
    silent: bool = False
    beats: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One heartbeat after the other."""


class Crowd:
    """Satellites that join, beat evenly and run the Pods of a namespace.

    Args:
        access: the API server.
        namespace: in which the models are.
    """

    def __init__(self, access: Access, namespace: str) -> None:
        self.sent = 0
        """Heartbeats that got through."""
        self.failed = 0
        """Those that did not, where the API server has no time; the next comes when due."""
        self._access = access
        self._namespace = namespace
        self._boards: dict[str, _Board] = {}
        # Of many thousands that wait for an answer of a busy server each has a connection, and
        # is asked for a certificate: from then on the server does nothing else.
        self._few = asyncio.Semaphore(AT_ONCE)

    async def join(self, part: Part) -> None:
        """Nodes, SatelliteNodes and Leases, many at once."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def through_gate(work: Coroutine[Any, Any, None]) -> None:
            async with gate:
                await work

        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(part.names):
                self._boards[name] = _Board(part.beat_s)
                group.create_task(through_gate(self._add(part, name, number)))

    async def beat(self, part: Part) -> None:
        """One after the other, all of a part once in an interval, until cancelled."""
        loop, fleet = asyncio.get_running_loop(), part.names
        begun_s, count = loop.time(), 0
        async with asyncio.TaskGroup() as group:
            while fleet:
                await asyncio.sleep(begun_s + count * part.beat_s / len(fleet) - loop.time())
                group.create_task(self._beat(fleet[count % len(fleet)]))
                count += 1

    async def silence(self, name: str) -> float:
        """A satellite falls silent with a heartbeat as its last word: when that had arrived.

        On the monotonic clock, which is the same in all processes.
        """
        board = self._boards[name]
        async with board.beats:
            await self._tell(name, board)
            board.silent = True
        return asyncio.get_running_loop().time()

    async def run_pods(self) -> None:
        """As all kubelets together, until cancelled."""
        async with asyncio.TaskGroup() as group:
            # The server ends a watch that falls behind; the next one begins with all there is.
            while True:
                async with self._access.watch(POD, self._namespace, names.MODEL_LABEL) as events:
                    async for type_, pod in events:
                        board = self._boards.get(pod["spec"].get("nodeName", ""))
                        if board is not None and not board.silent and type_ != "DELETED":
                            group.create_task(self._run(pod))

    async def _add(self, part: Part, name: str, number: int) -> None:
        liveness = {"heartbeatInterval": part.beat_s, "lostAfter": part.lost_after_s}
        spec = {"orbit": FIXED, "liveness": liveness}
        await self._access.create(NODE, _node(name, f"g{number % GROUPS}"))
        await self._access.create(SATELLITE_NODE, {"metadata": {"name": name}, "spec": spec})
        await self._beat(name)

    async def _beat(self, name: str) -> None:
        """Unless its last one is still under way."""
        board = self._boards[name]
        if board.beats.locked():
            self.failed += 1
            return
        async with board.beats:
            await self._tell(name, board)

    async def _tell(self, name: str, board: _Board) -> None:
        """What is told in the answer is on board at once, and told of with another heartbeat."""
        answered = True
        while answered and not board.silent:
            try:
                async with self._few:
                    answer = await self._renew(name, _renewal(name, board))
            except (aiohttp.ClientError, TimeoutError):
                self.failed += 1
                return
            except RefusedError as error:
                if error.status < SERVER_ERRORS:
                    raise
                self.failed += 1
                return
            self.sent += 1
            text = answer["metadata"].get("annotations", {}).get(names.ASSIGNMENT_ANNOTATION, "{}")
            heard = Assignment.model_validate_json(text)
            answered, board.heard = heard.artifacts != board.heard.artifacts, heard

    async def _renew(self, name: str, body: Json) -> Json:
        try:
            return await self._access.patch(LEASE, name, body, names.HEARTBEAT_NAMESPACE)
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise
            return await self._access.create(LEASE, body, names.HEARTBEAT_NAMESPACE)

    async def _run(self, pod: Json) -> None:
        async with self._few:
            await self._act(pod)

    async def _act(self, pod: Json) -> None:
        own = pod["metadata"]
        name, uid = own["name"], own["uid"]
        try:
            if "deletionTimestamp" in own:
                options = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
                await self._access.delete(POD, name, self._namespace, **options)
                return
            status = pod_status.running(f"10.9.{int(uid[:2], 16)}.{int(uid[2:4], 16)}")
            if not pod_status.is_done(pod, status):
                body = {"metadata": {"uid": uid}, "status": status}
                await self._access.patch(POD, name, body, self._namespace, subresource="status")
        except RefusedError as error:
            if error.status not in GONE_OR_CHANGED:
                raise


def _renewal(name: str, board: _Board) -> Json:
    """The Lease as an agent writes it."""
    board.sequence += 1
    artifacts = {
        artifact.sha256: ArtifactReport(state=ArtifactState.VERIFIED, fetched_bytes=artifact.size)
        for artifact in board.heard.artifacts
    }
    report = build_report(
        sequence=board.sequence,
        epoch=board.heard.epoch,
        heartbeat_interval_s=board.beat_s,
        artifacts=artifacts,
        assigned=artifacts.keys(),
        telemetry=TELEMETRY,
    )
    return lease_body(
        node_name=name,
        renewed_at=datetime.now(UTC),
        duration_s=lease_duration_s(board.beat_s),
        report=encode(report),
    )


def _node(name: str, group: str) -> Json:
    """A Node as a kubelet registers it."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = {
        "MemoryPressure": ("False", "KubeletHasSufficientMemory"),
        "DiskPressure": ("False", "KubeletHasNoDiskPressure"),
        "PIDPressure": ("False", "KubeletHasSufficientPID"),
        "Ready": ("True", "KubeletReady"),
    }
    return {
        "metadata": {
            "name": name,
            "labels": {
                names.SATELLITE_LABEL: "true",
                "kubernetes.io/arch": "arm64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                GROUP_LABEL: group,
            },
        },
        "spec": {
            "taints": [{"key": names.SATELLITE_TAINT, "value": "true", "effect": "NoSchedule"}]
        },
        "status": {
            "capacity": ALLOCATABLE,
            "allocatable": ALLOCATABLE,
            "addresses": [{"type": "Hostname", "address": name}],
            "conditions": [
                {
                    "type": type_,
                    "status": status,
                    "reason": reason,
                    "message": f"kubelet says {reason}",
                    "lastHeartbeatTime": now,
                    "lastTransitionTime": now,
                }
                for type_, (status, reason) in conditions.items()
            ],
            "nodeInfo": {
                "architecture": "arm64",
                "bootID": TELEMETRY.boot_id,
                "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "6.12.43",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.34.4",
                "machineID": "0123456789abcdef0123456789abcdef",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "systemUUID": "01234567-89ab-cdef-0123-456789abcdef",
            },
            "images": [
                {
                    "names": [
                        f"registry.example/part-{number}@sha256:{number:064x}",
                        f"registry.example/part-{number}:1.0",
                    ],
                    "sizeBytes": 40_000_000 + number,
                }
                for number in range(5)
            ],
        },
    }
