"""One satellite that a test plays: what its agent and its kubelet tell the ground."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import ValidationError

from perigee_api import names
from perigee_api.heartbeat import ArtifactReport, ArtifactState, AssignedArtifact, Assignment
from perigee_api.served import ServedBlock
from perigee_operator.domain.kinds import LEASE, NODE
from played.access import NOT_FOUND, Access, Json, RefusedError

BEAT_S: Final = 0.8
KUBELET_BEAT_S: Final = 1.0
NODE_STATUS_BEAT_S: Final = 10.0
"""Where the kubelet renews no Lease; the node controller takes that for a sign of life, too."""
CAPACITY: Final = {"cpu": "4", "memory": "4Gi", "pods": "50"}


@dataclass(slots=True)
class Satellite:
    """A satellite as the test wants it; a test changes the fields as it goes."""

    name: str
    world: str
    labels: dict[str, str] = field(default_factory=dict)
    reachable: bool = True
    """Its link is up."""
    agent: bool = True
    """Its agent runs."""
    kubelet_lease: bool = True
    """Its kubelet renews its Lease. Without, the kubelet is no sign of life, but plays its Pods."""
    fetches: bool = True
    """Its agent completes what it is to fetch."""
    faults: dict[str, ArtifactReport] = field(default_factory=dict)
    """What becomes of certain artifacts, by digest."""
    report: str | None = None
    """Says this in place of a report."""
    counted: Callable[[], tuple[ServedBlock, ...]] = tuple
    """What its next heartbeat is to tell of the requests that its servers have answered."""
    assigned: tuple[AssignedArtifact, ...] = ()
    """As the ground's last answer said."""
    epoch: int = 0
    """Of that answer."""
    clock_ahead: timedelta = timedelta()
    """How far its clock is off."""
    poked: asyncio.Event = field(default_factory=asyncio.Event)
    _sequence: int = 0

    async def join(self, access: Access) -> None:
        """Its kubelet registers the Node."""
        labels = {
            names.SATELLITE_LABEL: "true",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            "kubernetes.io/hostname": self.name,
            "world": self.world,
        }
        taint = {"key": names.SATELLITE_TAINT, "value": "true", "effect": "NoSchedule"}
        body = {
            "metadata": {"name": self.name, "labels": labels | self.labels},
            "spec": {"taints": [taint]},
        }
        await access.create(NODE, body)
        await self._tell_node_status(access)

    async def leave(self, access: Access) -> None:
        """Nothing of it remains."""
        await access.delete(NODE, self.name)
        for namespace in (names.HEARTBEAT_NAMESPACE, names.KUBELET_LEASE_NAMESPACE):
            await access.delete(LEASE, self.name, namespace)

    async def run_agent(self, access: Access) -> None:
        """Sends heartbeats until cancelled: regularly, and at once when poked."""
        while True:
            self.poked.clear()
            if self.reachable and self.agent:
                await self._beat(access)
            try:
                async with asyncio.timeout(BEAT_S):
                    await self.poked.wait()
            except TimeoutError:
                continue

    async def run_kubelet(self, access: Access) -> None:
        """Keeps the Node Ready until cancelled."""
        while True:
            if self.reachable:
                await self._tell_node_status(access)
                if self.kubelet_lease:
                    await self._renew(access, names.KUBELET_LEASE_NAMESPACE, {})
            await asyncio.sleep(KUBELET_BEAT_S if self.kubelet_lease else NODE_STATUS_BEAT_S)

    def read(self, lease: Json) -> None:
        """Takes an assignment from the Lease; one that is new is answered at once."""
        text = lease["metadata"].get("annotations", {}).get(names.ASSIGNMENT_ANNOTATION)
        if text is None:
            return
        try:
            heard = Assignment.model_validate_json(text)
        except ValidationError:
            # As the agent does, it keeps to the last good one.
            return
        if (heard.artifacts, heard.epoch) != (self.assigned, self.epoch):
            self.assigned, self.epoch = heard.artifacts, heard.epoch
            self.poked.set()

    async def _beat(self, access: Access) -> None:
        annotations = {names.REPORT_ANNOTATION: self.report or self._report()}
        answer = await self._renew(access, names.HEARTBEAT_NAMESPACE, annotations)
        self.read(answer)

    def _report(self) -> str:
        self._sequence += 1
        artifacts = {a.sha256: self._progress(a) for a in self.assigned}
        found = {
            sha: r.model_dump(mode="json", by_alias=True, exclude_none=True)
            for sha, r in artifacts.items()
        }
        own = {"version": 1, "sequence": self._sequence, "epoch": self.epoch}
        counted = [
            block.model_dump(mode="json", by_alias=True, exclude_none=True)
            for block in self.counted()
        ]
        return json.dumps(own | {"artifacts": found} | ({"served": counted} if counted else {}))

    def _progress(self, artifact: AssignedArtifact) -> ArtifactReport:
        if artifact.sha256 in self.faults:
            return self.faults[artifact.sha256].model_copy(update={"uri": artifact.uri})
        if not self.fetches:
            return ArtifactReport(state=ArtifactState.FETCHING, fetched_bytes=artifact.size // 2)
        return ArtifactReport(state=ArtifactState.VERIFIED, fetched_bytes=artifact.size)

    async def _renew(self, access: Access, namespace: str, annotations: dict[str, str]) -> Json:
        clock = datetime.now(UTC) + self.clock_ahead
        body = {
            "metadata": {
                "name": self.name,
                "labels": {"world": self.world},
                "annotations": annotations,
            },
            "spec": {
                "holderIdentity": self.name,
                "leaseDurationSeconds": 40,
                "renewTime": clock.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            },
        }
        try:
            return await access.patch(LEASE, self.name, body, namespace)
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise
            return await access.create(LEASE, body, namespace)

    async def _tell_node_status(self, access: Access) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "",
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        body = {"status": {"capacity": CAPACITY, "allocatable": CAPACITY, "conditions": [ready]}}
        try:
            await access.patch(NODE, self.name, body, subresource="status")
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise
