"""A satellite on paper: a kubelet, an agent, and a link that is there or not."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from paper_fleet import agents
from paper_fleet.api_server import ApiServer, Item
from paper_fleet.controllers import is_live, pod_key
from paper_fleet.fitting import selects
from perigee_api import names
from perigee_api.heartbeat import (
    ArtifactReport,
    ArtifactState,
    AssignedArtifact,
    Assignment,
    Report,
    RolledBack,
    Telemetry,
)
from perigee_api.served import ServedBlock
from perigee_api.termination import EXIT_STATUS, Termination, TerminationReason
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

GOLDEN_FAILED = Termination(
    reason=TerminationReason.GOLDEN_SET_FAILED, message="agreement 0.41, at least 0.98 is wanted"
)

LONGEST_BEAT_S = 60.0
"""What is longer between two heartbeats was not one contact."""


@dataclass
class Files:
    """What is wrong with artifacts, by digest; the same on every satellite."""

    failing: set[str] = field(default_factory=set)
    """Their golden set fails."""
    damaged: set[str] = field(default_factory=set)
    """The file has another digest."""
    bad_images: set[str] = field(default_factory=set)
    """Their containers are never ready."""


@dataclass
class Container:
    """A model's container."""

    ready: bool = False
    restarts: int = 0
    termination: Termination | None = None


@dataclass
class PaperSatellite:
    """What is true on board, whatever the ground knows of it."""

    name: str
    files: Files
    linked: bool = True
    powered: bool = True
    battery_percent: float | None = None
    agent_runs: bool = True
    fetch_s: float = 0
    """From when it hears of an artifact until that is on board; what it once had comes at once."""
    fetch_contact_s: float = 0
    """Of contact, that each artifact takes, one after the other in the order of the assignment."""
    artifacts: set[str] = field(default_factory=set)
    containers: dict[str, Container] = field(default_factory=dict)
    """By the Pod's uid."""
    broken: set[str] = field(default_factory=set)
    """uids of Pods whose container hangs and is never ready again."""
    rolled_back: tuple[RolledBack, ...] = ()
    """Pods that have gone back, as its agent has heard."""
    counted: deque[tuple[datetime, ServedBlock]] = field(default_factory=lambda: deque(maxlen=16))
    """What its servers have counted, and when each block ended: told with every heartbeat."""
    _pods: dict[str, Item] = field(default_factory=dict)
    _assignment: Assignment = field(default_factory=Assignment)
    _heard_of: dict[str, datetime] = field(default_factory=dict)
    """When it first heard of each artifact that it has or is to keep, by digest."""
    _fetched_s: dict[str, float] = field(default_factory=dict)
    """Of contact, that artifacts have had by now, by digest."""
    _beat_at: datetime | None = None
    _sequence: int = 0

    def lose_power(self) -> None:
        """Everything on board ends at once; the files stay."""
        self.powered = False

    def boot(self) -> None:
        """Everything starts again: the Pods that the ground names, with new containers."""
        self.powered = True
        self._pods.clear()
        for container in self.containers.values():
            container.ready = False
            container.restarts += 1

    def work(self) -> None:
        """On board, with or without the ground: containers start, and are verified."""
        if not self.powered:
            return
        for uid, pod in self._pods.items():
            self._run(self.containers.setdefault(uid, Container()), pod)

    def talk(self, api: ApiServer, now: datetime) -> None:
        """With the ground, while there is a link."""
        if not (self.powered and self.linked):
            return
        self._renew(api, names.KUBELET_LEASE_NAMESPACE, now, {})
        if self.agent_runs and self._agent_is_up(api):
            self._beat(api, now)
        self._sync(api)

    def _run(self, container: Container, pod: Item) -> None:
        arguments: list[str] = pod["spec"]["containers"][0]["args"]
        needed = {a.partition("=")[2] for a in arguments if a.startswith(("--artifact=", "--gold"))}
        needed = {digest for digest in needed if len(digest) == 64}
        image = pod["spec"]["containers"][0]["image"]
        if pod["metadata"]["uid"] in self.broken or image in self.files.bad_images:
            container.ready = False
        elif needed & self.files.failing:
            container.ready = False
            container.restarts += 1
            container.termination = GOLDEN_FAILED
        elif needed <= self.artifacts:
            container.ready = True
        elif not container.ready:
            container.termination = Termination(
                reason=TerminationReason.ARTIFACT_MISSING, message="no such file"
            )

    def _agent_is_up(self, api: ApiServer) -> bool:
        """In its Pod, where there is a DaemonSet; else by itself."""
        pods = (uid for uid, pod in self._pods.items() if agents.is_of_agents(pod))
        return api.get(agents.KEY) is None or any(self.containers[uid].ready for uid in pods)

    def _beat(self, api: ApiServer, now: datetime) -> None:
        self._sequence += 1
        self._fetch(now)
        wanted = {a.sha256 for a in self._assignment.artifacts}
        self.artifacts &= wanted
        self.artifacts |= {d for d in wanted - self.files.damaged if self._has_come(d, now)}
        report = Report(
            sequence=self._sequence,
            epoch=self._assignment.epoch,
            artifacts={a.sha256: self._artifact(a) for a in self._assignment.artifacts},
            rolled_back=self.rolled_back or None,
            served=self._served(now) or None,
            telemetry=Telemetry(battery_percent=self.battery_percent),
        )
        text = report.model_dump_json(by_alias=True, exclude_none=True)
        annotations = {names.REPORT_ANNOTATION: text}
        lease = self._renew(api, names.HEARTBEAT_NAMESPACE, now, annotations)
        assigned = lease["metadata"]["annotations"].get(names.ASSIGNMENT_ANNOTATION)
        if assigned is not None:
            self._assignment = Assignment.model_validate_json(assigned)
            told = {artifact.sha256: now for artifact in self._assignment.artifacts}
            heard_of = self._heard_of.items()
            kept = {d: at for d, at in heard_of if d in told or self._has_come(d, now)}
            self._heard_of = told | kept

    def _fetch(self, now: datetime) -> None:
        """What has gone by of this contact since the last heartbeat is the most urgent file's."""
        since_s = (now - (self._beat_at or now)).total_seconds()
        self._beat_at = now
        digests = [artifact.sha256 for artifact in self._assignment.artifacts]
        missing = [d for d in digests if d not in self.artifacts and not self._is_fetched(d)]
        if missing and since_s <= LONGEST_BEAT_S:
            self._fetched_s[missing[0]] = self._fetched_s.get(missing[0], 0) + since_s

    def _is_fetched(self, digest: str) -> bool:
        return self._fetched_s.get(digest, 0) >= self.fetch_contact_s

    def _has_come(self, digest: str, now: datetime) -> bool:
        heard_s = (now - self._heard_of[digest]).total_seconds()
        return heard_s >= self.fetch_s and (digest in self.artifacts or self._is_fetched(digest))

    def _served(self, now: datetime) -> tuple[ServedBlock, ...]:
        told = self.counted
        return tuple(block.aged((now - ended_at).total_seconds()) for ended_at, block in told)

    def _artifact(self, artifact: AssignedArtifact) -> ArtifactReport:
        if artifact.sha256 in self.files.damaged:
            return ArtifactReport(
                state=ArtifactState.FAILED, reason="DigestMismatch", uri=artifact.uri
            )
        held = artifact.sha256 in self.artifacts
        return ArtifactReport(state=ArtifactState.VERIFIED if held else ArtifactState.FETCHING)

    def _renew(
        self, api: ApiServer, namespace: str, now: datetime, annotations: dict[str, str]
    ) -> Item:
        key = ObjectKey(kinds.LEASE, self.name, namespace)
        if api.get(key) is None:
            api.create(key, {"metadata": {"annotations": {}}, "spec": {}})

        def renew(lease: Item) -> None:
            lease["metadata"]["annotations"] |= annotations
            lease["spec"] = {"holderIdentity": self.name, "renewTime": now.isoformat()}
            # As the API server does: by that an operator knows when what it lists has come.
            renewed: Item = {"f:spec": {"f:renewTime": {}}}
            lease["metadata"]["managedFields"] = [{"time": now.isoformat(), "fieldsV1": renewed}]

        api.change(key, renew)
        found = api.get(key)
        assert found is not None
        return found

    def _sync(self, api: ApiServer) -> None:
        """Takes over what the API says of its Pods, and tells how they are."""
        node = api.get(ObjectKey(kinds.NODE, self.name))
        assert node is not None
        found = [p for p in api.items(kinds.POD) if p["spec"].get("nodeName") == self.name]
        for pod in found:
            uid = pod["metadata"]["uid"]
            if "deletionTimestamp" in pod["metadata"]:
                self._pods.pop(uid, None)
                api.remove(pod_key(pod))
            elif uid not in self._pods and is_live(pod) and not selects(pod["spec"], node):
                api.change(pod_key(pod), _refuse)
            elif is_live(pod):
                self._pods[uid] = pod
                status = self._status(pod)
                if pod["status"] != status:
                    api.change(pod_key(pod), partial(_tell, status=status))
        uids = {pod["metadata"]["uid"] for pod in found}
        self._pods = {uid: pod for uid, pod in self._pods.items() if uid in uids}
        self.containers = {u: c for u, c in self.containers.items() if u in uids}

    def _status(self, pod: Item) -> dict[str, Any]:
        uid = pod["metadata"]["uid"]
        container = self.containers.setdefault(uid, Container())
        state: dict[str, Any] = {"state": {"running": {}}}
        if container.termination is not None:
            ended = {
                "message": container.termination.model_dump_json(),
                "exitCode": EXIT_STATUS[container.termination.reason],
            }
            state = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}
            state["lastState"] = {"terminated": ended}
        ready = container.ready
        # Of a model's Pod this would tell since when it is verified, too.
        of_agent = agents.is_of_agents(pod)
        of_containers = [{"type": "ContainersReady", "status": str(ready)}] if of_agent else []
        return {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}, *of_containers],
            "containerStatuses": [{"ready": ready, "restartCount": container.restarts, **state}],
        }


def _tell(pod: Item, status: dict[str, Any]) -> None:
    pod["status"] = status


def _refuse(pod: Item) -> None:
    """As the kubelet does with a Pod whose selector its Node does not match."""
    pod["status"]["phase"] = "Failed"
