"""A large fleet on paper in which all is well: satellites rise, beat and set, and models serve.

`PaperFleet` plays every step of a few satellites; this one plays many, and of their life only what
is left when nothing goes wrong. Caches, views and decisions are the operator's own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from paper_fleet.api_server import ApiServer, Item, RefusedError
from paper_fleet.controllers import UNREACHABLE
from paper_fleet.intents import START, contact, model_body, satellite_body
from perigee_api import names
from perigee_api.heartbeat import ArtifactReport, ArtifactState, Assignment, Report, Telemetry
from perigee_api.inference_model import InferenceModelSpec, ModelPhase
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings, Snapshot
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.memory import Memory
from perigee_operator.domain.placement.choice import with_standby
from perigee_operator.domain.plan import plan
from perigee_operator.domain.rollout.revision import new_revision
from perigee_operator.domain.writes import Announce, Json, ObjectKey, Track
from perigee_operator.services.contacts.book import ContactBook
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.snapshot import Photographer
from perigee_operator.storage.cache import Cache, Change, Origin
from perigee_operator.storage.fleet import KEPT
from perigee_operator.storage.heartbeats import HeartbeatFeed
from perigee_operator.storage.kept import folded

IMAGE: Final = "edge:1"
ORBIT_S: Final = 5700
PASS_S: Final = 600
BEAT_S: Final = 10
PLANES: Final = 72
REPLICAS: Final = 10
GRACE_S: Final = 40
"""After so much silence of its kubelet the node controller marks a Node."""
ALLOCATABLE: Final = {"cpu": "4", "memory": "16Gi", "pods": "110"}
REQUESTED: Final = {"cpu": "100m", "memory": "64Mi"}
ROLLED: Final = 100_000
"""Numbers of artifacts from here on are those of models that roll."""
STEPS: Final = [{"wave": {"count": 1}}, {"pause": {"contactTime": 60}}, {"wave": {"percent": 50}}]
ASKED_IN: Final = 2
"""Round in which models are asked for: the satellites are recorded as in contact by then."""
ROUNDS: Final = 30
"""In so many all models are served."""

OBSERVED: Final = (
    kinds.NODE,
    kinds.POD,
    kinds.REPLICA_SET,
    kinds.DAEMON_SET,
    kinds.SERVICE,
    kinds.CONTROLLER_REVISION,
    kinds.SATELLITE_NODE,
    kinds.INFERENCE_MODEL,
    kinds.GROUND_STATION,
    kinds.ROLLOUT_POLICY,
    kinds.ROLLOUT_ACTION,
)


@dataclass(slots=True)
class _Passing:
    """A satellite that is in contact once an orbit."""

    name: str
    rises_s: float
    """Seconds after `START`, once."""
    heard_s: float = 0
    dark: bool = False
    """The node controller has marked its Node."""

    def in_contact(self, at_s: float) -> bool:
        return (at_s - self.rises_s) % ORBIT_S < PASS_S

    def beats(self, since_s: float, until_s: float) -> bool:
        """Whether a heartbeat is due between two moments."""
        return (until_s - self.rises_s) // BEAT_S > (since_s - self.rises_s) // BEAT_S


class SteadyFleet:
    """Satellites in low orbit, their passes spread evenly, and models with ten copies each.

    Args:
        satellites: how many.
        models: how many.
    """

    def __init__(self, satellites: int, models: int) -> None:
        self.now = START
        self.observing_since: datetime | None = START
        self.feed = HeartbeatFeed(lambda: self.now)
        self.memory = Memory()
        self._chance = Random(0)  # noqa: S311 - which satellites have which models
        self._api = ApiServer(lambda: self.now)
        self._caches = {kind: Cache(kept=KEPT.get(kind, folded)) for kind in OBSERVED}
        self._satellites = [
            _Passing(f"sat-{number:05}", ORBIT_S * number / satellites)
            for number in range(satellites)
        ]
        for number, satellite in enumerate(self._satellites):
            # Neighbours in a plane do not rise after one another.
            self._add(satellite, plane=f"plane-{number * 31 % PLANES}")
        self._models = models
        # A plan is never cut here, so that it settles in a few rounds.
        self._settings = Settings(serve_image=IMAGE, tracks_at_once=satellites + models)
        self._pods_on: dict[str, list[ObjectKey]] = defaultdict(list)
        self._nodes_of: dict[str, set[str]] = defaultdict(set)
        """Where the Pods of a ReplicaSet are, by its name."""
        self.photographer = self.new_photographer()

    def new_photographer(self) -> Photographer:
        """One that has seen nothing yet."""
        return Photographer(
            self,
            ContactBook(lambda: self.now),
            self._settings,
            ServedBook(self.now),
        )

    def values(self, kind: Kind) -> Collection[Json]:
        """All objects of a kind."""
        return self._caches[kind].values()

    def agents(self, _: Kind) -> Collection[Json]:
        """Nothing is known of the agents' Pods."""
        return ()

    def settle(self) -> None:
        """All satellites are heard until all models are served; then each has its own passes."""
        for number in range(ROUNDS):
            self._advance(BEAT_S)
            for satellite in self._satellites:
                self._beat(satellite)
            if number == ASKED_IN:
                for model in range(self._models):
                    self._ask(model)
            self.run_replica_sets()
            snapshot = self.photographer.snapshot()
            tracks = plan(snapshot, self.now, self.memory).tracks
            self.perform(tracks)
            writes_of_models = any(track.name.startswith("imodel/") for track in tracks)
            if number > ASKED_IN and _all_healthy(snapshot) and not writes_of_models:
                break
        else:
            states = {model.status.phase for model in snapshot.models}
            raise AssertionError(f"the fleet does not settle; models are {states}")
        # Long enough for those that are not in contact to be marked.
        for _ in range(2 * GRACE_S):
            self.live(1)
            self.perform(plan(self.photographer.snapshot(), self.now, self.memory).tracks)

    def roll(self, models: int) -> None:
        """So many models are to get a new revision, in steps, all at once."""
        for number in range(models):
            key = _key_of(number)
            self._api.change(key, partial(_renew_artifact, number=ROLLED + number))
            self._show(key)

    def live(self, seconds: float) -> int:
        """Time passes for satellites and Kubernetes' controllers; how many heartbeats came."""
        since_s = self._elapsed_s
        self._advance(seconds)
        until_s, beats = self._elapsed_s, 0
        for satellite in self._satellites:
            if satellite.in_contact(until_s):
                if satellite.beats(since_s, until_s):
                    self._beat(satellite)
                    beats += 1
            elif not satellite.dark and until_s - satellite.heard_s > GRACE_S:
                satellite.dark = True
                self._mark(satellite)
        return beats

    def perform(self, tracks: Iterable[Track]) -> None:
        """The writes of a plan."""
        for track in tracks:
            for write in track.writes:
                try:
                    self._api.perform(write)
                except RefusedError:
                    break
                if not isinstance(write, Announce):
                    self._show(write.key)

    @property
    def _elapsed_s(self) -> float:
        return (self.now - START).total_seconds()

    def _advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _add(self, satellite: _Passing, plane: str) -> None:
        rises_s = satellite.rises_s - 10 * ORBIT_S
        body = satellite_body(contacts=[contact(rises_s, rises_s + PASS_S, every=ORBIT_S)])
        labels = {
            "kubernetes.io/arch": "arm64",
            names.SATELLITE_LABEL: "true",
            names.PLANE_LABEL: plane,
        }
        taint = {"key": names.SATELLITE_TAINT, "effect": "NoSchedule"}
        status = {"allocatable": ALLOCATABLE}
        node = {"metadata": {"labels": labels}, "spec": {"taints": [taint]}, "status": status}
        items: dict[ObjectKey, Item] = {
            ObjectKey(kinds.SATELLITE_NODE, satellite.name): {"spec": body},
            ObjectKey(kinds.NODE, satellite.name): node,
        }
        for key in _leases(satellite.name):
            items[key] = {"metadata": {"annotations": {}}, "spec": {}}
        for key, item in items.items():
            self._api.create(key, item)
            self._show(key)

    def _ask(self, number: int) -> None:
        """A model that serves, on other satellites than the rest: each came at another time."""
        body = model_body(
            artifact_number=number + 1,
            replicas=REPLICAS,
            placement={"spreadBy": "plane"},
            resources={"requests": REQUESTED},
        )
        key = _key_of(number)
        revision = new_revision(InferenceModelSpec.model_validate(body), IMAGE).name
        self._api.create(key, {"spec": body, "status": {"stableRevision": revision}})
        self._show(key)
        label = names.node_revision_label("default", key.name, revision)
        for satellite in self._chance.sample(self._satellites, with_standby(REPLICAS)):
            node = ObjectKey(kinds.NODE, satellite.name)
            self._api.change(node, partial(_label, label=label))
            self._show(node)

    def _beat(self, satellite: _Passing) -> None:
        satellite.heard_s = self._elapsed_s
        agent, kubelet = _leases(satellite.name)
        self._api.change(agent, partial(_report, now=self.now))
        self._api.change(kubelet, partial(_renew, now=self.now))
        self._show(agent)
        self._show(kubelet)
        if satellite.dark:
            satellite.dark = False
            self._mark(satellite)

    def _mark(self, satellite: _Passing) -> None:
        """As the node controller and the kubelet do, when a satellite is dark or has come back."""
        key = ObjectKey(kinds.NODE, satellite.name)
        self._api.change(key, partial(_mark_node, dark=satellite.dark))
        self._show(key)
        for pod in self._pods_on[satellite.name]:
            self._api.change(pod, partial(_mark_pod, dark=satellite.dark))
            self._show(pod)

    def run_replica_sets(self) -> None:
        """As many Pods as are wanted, on the Nodes that bear their label; they run at once."""
        labelled: dict[str, list[str]] = defaultdict(list)
        for satellite in self._satellites:
            node = self._api.get(ObjectKey(kinds.NODE, satellite.name))
            assert node is not None
            for label in filter(names.is_revision_label, node["metadata"]["labels"]):
                labelled[label].append(satellite.name)
        for replica_set in self._api.items(kinds.REPLICA_SET):
            template = replica_set["spec"]["template"]
            label = next(filter(names.is_revision_label, template["spec"]["nodeSelector"]))
            running = self._nodes_of[replica_set["metadata"]["name"]]
            missing = replica_set["spec"]["replicas"] - len(running)
            for name in [name for name in labelled[label] if name not in running][
                : max(0, missing)
            ]:
                running.add(name)
                self._run_pod(replica_set, name)
            # Those whose Nodes have lost the label go first: Perigee has marked them so.
            for name in sorted(running, key=lambda name: name in labelled[label])[
                : max(0, -missing)
            ]:
                running.remove(name)
                self._end_pod(replica_set, name)

    def _end_pod(self, replica_set: Json, node: str) -> None:
        key = _pod_key(replica_set, node)
        pod = self._api.get(key)
        assert pod is not None
        self._api.remove(key)
        self._pods_on[node].remove(key)
        self._caches[kinds.POD].remove(pod)

    def _run_pod(self, replica_set: Json, node: str) -> None:
        own, template = replica_set["metadata"], replica_set["spec"]["template"]
        key = _pod_key(replica_set, node)
        controller = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "uid": own["uid"]}
        metadata = {
            "labels": template["metadata"]["labels"],
            "ownerReferences": [{**controller, "controller": True}],
        }
        spec = {**template["spec"], "nodeName": node}
        status = {"phase": "Running", "containerStatuses": [{"ready": True}]}
        self._api.create(key, {"metadata": metadata, "spec": spec, "status": status})
        self._api.change(key, partial(_mark_pod, dark=False))
        self._show(key)
        self._pods_on[node].append(key)

    def _show(self, key: ObjectKey) -> None:
        """As a watch shows it to the operator."""
        item = self._api.get(key)
        assert item is not None
        if key.kind != kinds.LEASE:
            self._caches[key.kind].upsert(item)
        elif key.namespace == names.HEARTBEAT_NAMESPACE:
            self.feed.take_agent_lease(Change(item, Origin.STREAMED))
        else:
            self.feed.take_kubelet_lease(Change(item, Origin.STREAMED))


def _all_healthy(snapshot: Snapshot) -> bool:
    return all(model.status.phase is ModelPhase.HEALTHY for model in snapshot.models)


def _key_of(model: int) -> ObjectKey:
    return ObjectKey(kinds.INFERENCE_MODEL, f"model-{model:04}", "default")


def _pod_key(replica_set: Json, node: str) -> ObjectKey:
    own = replica_set["metadata"]
    return ObjectKey(kinds.POD, f"{own['name']}-{node}", own["namespace"])


def _renew_artifact(model: Item, number: int) -> None:
    model["spec"]["artifact"] = model_body(artifact_number=number)["artifact"]
    model["spec"]["rollout"] = {"steps": STEPS}


def _leases(node: str) -> tuple[ObjectKey, ObjectKey]:
    """The agent's and the kubelet's."""
    return (
        ObjectKey(kinds.LEASE, node, names.HEARTBEAT_NAMESPACE),
        ObjectKey(kinds.LEASE, node, names.KUBELET_LEASE_NAMESPACE),
    )


def _renew(lease: Item, now: datetime) -> None:
    lease["spec"] = {"renewTime": now.isoformat()}


def _report(lease: Item, now: datetime) -> None:
    """The agent has all that it was told to fetch."""
    annotations = lease["metadata"]["annotations"]
    assigned = Assignment.model_validate_json(annotations.get(names.ASSIGNMENT_ANNOTATION, "{}"))
    report = Report(
        sequence=int((now - START).total_seconds() * 10) + 1,
        epoch=assigned.epoch,
        artifacts={
            artifact.sha256: ArtifactReport(state=ArtifactState.VERIFIED)
            for artifact in assigned.artifacts
        },
        telemetry=Telemetry(battery_percent=80, temperature_c=20),
    )
    text = report.model_dump_json(by_alias=True, exclude_none=True)
    annotations[names.REPORT_ANNOTATION] = text
    _renew(lease, now)


def _label(node: Item, label: str) -> None:
    node["metadata"]["labels"][label] = "true"


def _mark_node(node: Item, *, dark: bool) -> None:
    kept = [taint for taint in node["spec"]["taints"] if taint["key"] != UNREACHABLE]
    node["spec"]["taints"] = kept + ([{"key": UNREACHABLE, "effect": "NoSchedule"}] * dark)
    ready = {"type": "Ready", "status": "Unknown" if dark else "True"}
    node["status"] = {**node["status"], "conditions": [ready]}


def _mark_pod(pod: Item, *, dark: bool) -> None:
    pod["status"]["conditions"] = [{"type": "Ready", "status": str(not dark)}]
