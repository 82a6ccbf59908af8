"""What the operator sees: a snapshot of satellites, models and what they run, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from perigee_api import names
from perigee_api.heartbeat import Assignment, Report
from perigee_api.inference_model import InferenceModelSpec, InferenceModelStatus
from perigee_api.rollout_action import RolloutActionSpec
from perigee_api.rollout_policy import RolloutPolicySpec
from perigee_api.satellite_node import SatelliteNodeSpec, SatelliteNodeStatus, TelemetryDays
from perigee_operator.domain.agents.agent import AgentSetView, AgentView
from perigee_operator.domain.analysis.compared import Compared, Drifted, Shadowed
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Record
from perigee_operator.domain.container import ContainerView
from perigee_operator.domain.liveness.phi import Rhythm
from perigee_operator.domain.liveness.plan_accuracy import PlanAccuracy
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.workloads.quantity import Amounts
from perigee_operator.domain.writes import ObjectKey, Taint


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator's user has decided for the whole fleet."""

    serve_image: str
    loss_budget_percent: float = 25
    """Share of the fleet that may become Lost within an hour without a human's consent."""
    rollouts_at_once: int = 0
    """Rollouts that may be under way at once; 0: as many as there are."""
    tracks_at_once: int = 128
    """In one plan, of satellites; and as many of all else. A plan that is larger is cut."""
    sweep_limit_s: float = 5
    """The planner looks at the fleet at least this often."""
    losing_guard_s: float = 5
    """A satellite is taken out of the ground's Service this long before it sets."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A Node."""

    name: str
    uid: str
    labels: Mapping[str, str]
    taints: frozenset[Taint]
    architecture: str
    ready: bool
    allocatable: Amounts = field(default_factory=dict)
    """What Pods may have of it; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class HeartbeatView:
    """The last heartbeat of a satellite's agent."""

    arrived_at: datetime
    """On the ground's clock."""
    previous_at: datetime | None
    """When the one before arrived; None if none was seen."""
    lease_uid: str
    report: Report | None
    report_error: str | None = None
    assignment: Assignment | None = None
    renewed_at: datetime | None = None
    """On the satellite's clock; None where the Lease does not say."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the ground's ears are worth: silence means something only while it hears."""

    observing_since: datetime | None
    """Since when heartbeats would have been seen without a gap; None while they would not."""
    heard_since: datetime | None = None
    """Since when somebody or other was heard without a long break."""
    heard_until: datetime | None = None
    """When somebody was heard last."""
    alone: bool = False
    """There is one satellite only that could be heard, so that nobody else can prove anything."""

    def proven(self, now: datetime) -> tuple[datetime | None, datetime]:
        """The time, up to now, of which it is known that the ground heard."""
        if self.alone:
            return None, now
        if self.heard_until is None:
            return now, now
        return self.heard_since, min(self.heard_until, now)

    def heard_after(self, moment: datetime) -> bool:
        """Whether the ground has heard anybody since then."""
        return self.alone or (self.heard_until is not None and self.heard_until > moment)


@dataclass(frozen=True, slots=True)
class SatelliteView:
    """A SatelliteNode with its Node and its signs of life."""

    name: str
    uid: str
    version: str
    """Its resourceVersion: a verdict counts for the object that it was made from."""
    generation: int
    spec: SatelliteNodeSpec | None
    """None if it makes no sense; `spec_error` says why."""
    spec_error: str | None
    status: SatelliteNodeStatus
    consented_epoch: int | None
    """The epoch that a human has agreed a loss may bring."""
    node: NodeView | None
    heartbeat: HeartbeatView | None
    kubelet_arrived_at: datetime | None
    heard_since: datetime | None
    """Since when its agent or its kubelet has been heard without a long pause."""
    contacts: Contacts
    """When it is in contact, as far as that is known."""
    rhythm: Rhythm
    """How its heartbeats come."""
    telemetry_days: TelemetryDays | None = None
    """Its telemetry, day by day; None where no day is complete yet."""
    plan_accuracy: PlanAccuracy | None = None
    """What its heartbeats have shown of its contact plan."""
    agent: AgentView | None = None
    """None: it is to have none, as far as is known."""
    linked_since: datetime | None = None
    """As `heard_since`, and since when its link has held."""

    @property
    def key(self) -> str:
        """As in the name of a track."""
        return f"sat/{self.name}"

    @property
    def next_epoch(self) -> int:
        """The epoch that the next loss brings."""
        return self.status.epoch + 1

    @property
    def loss_consented(self) -> bool:
        """A human agrees to its next loss."""
        return self.consented_epoch == self.next_epoch

    @property
    def last_loss_consented(self) -> bool:
        """A human agreed to its last loss."""
        return self.consented_epoch == self.status.epoch


@dataclass(frozen=True, slots=True)
class PodView:
    """A Pod of a model."""

    name: str
    namespace: str
    uid: str
    model: str
    revision: str
    node: str | None
    labels: Mapping[str, str]
    deletion_cost: str | None
    verified: bool
    """Its containers are ready, says the kubelet: the golden set has passed on that satellite.

    Unlike the condition Ready this stays true on a dark satellite, where the node controller
    turns Ready to False without knowing.
    """
    ready: bool
    """The condition Ready: it is verified and its satellite was heard of late."""
    deleting: bool
    created_at: datetime
    verified_at: datetime | None = None
    """Since when it is; None if it is not."""
    refused: bool = False
    """Its kubelet would not take it, or has thrown it out: it never runs again."""
    containers: tuple[ContainerView, ...] = ()
    requests: Amounts = field(default_factory=dict)
    """What is set aside for it on its Node."""
    unscheduled: str = ""
    """Why the scheduler finds no Node for it, in its words; empty where it does not say so."""
    placement: str = ""
    """Digest of what said to which Nodes it may go; empty where a DaemonSet made it."""

    @property
    def serves(self) -> bool:
        """It bears the label by which the Services select it."""
        return self.labels.get(names.ACTIVE_LABEL) == "true"


@dataclass(frozen=True, slots=True)
class ObjectView:
    """An object that Perigee owns, as it stands in the API server."""

    key: ObjectKey
    uid: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A ControllerRevision of a model."""

    name: str
    """The revision: the first digits of its hash."""
    spec: Mapping[str, Any]
    """`artifact`, `golden`, `runtime` and `resources` as they were in the InferenceModel."""
    image: str
    """The server's image when the revision was made."""
    number: int
    """Rises with each revision of the model."""
    promoted: bool
    """It has served in full once, so the way back to it needs no steps."""
    object: ObjectView
    fallback: str | None = None
    """The revision that was stable when this one was introduced."""


@dataclass(frozen=True, slots=True)
class ActionView:
    """A RolloutAction."""

    name: str
    namespace: str
    uid: str
    spec: RolloutActionSpec | None
    """None if it makes no sense; `spec_error` says why."""
    spec_error: str | None
    answered: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A RolloutPolicy."""

    name: str
    spec: RolloutPolicySpec | None
    """None if it makes no sense; `spec_error` says why."""
    spec_error: str | None = None


def model_key(namespace: str, name: str) -> str:
    """A model, as in the name of a track."""
    return f"imodel/{namespace}/{name}"


@dataclass(frozen=True, slots=True)
class ModelView:
    """An InferenceModel with all that belongs to it."""

    name: str
    namespace: str
    uid: str
    version: str
    """Its resourceVersion: a verdict counts for the object that it was made from."""
    generation: int
    deleting: bool
    spec: InferenceModelSpec | None
    spec_error: str | None
    status: InferenceModelStatus
    revisions: tuple[RevisionView, ...] = ()
    workloads: Mapping[str, ObjectView] = field(default_factory=dict)
    """ReplicaSets or DaemonSets by revision."""
    services: Mapping[str, ObjectView] = field(default_factory=dict)
    pods: tuple[PodView, ...] = ()
    actions: tuple[ActionView, ...] = ()
    """What people have asked of its rollouts, the oldest first."""
    measured: Mapping[MetricKey, Record] = field(default_factory=dict)
    compared: Compared | None = None
    shadowed: Shadowed | None = None
    drifted: Drifted | None = None
    """What is known of its candidate by now; its status may lag behind."""
    name_taken: str | None = None
    """What of it cannot be made, since somebody else's object has the name."""
    policy: PolicyView | None = None
    """The RolloutPolicy that it names; None where it names none, or there is none."""

    @property
    def key(self) -> str:
        """As in the name of a track."""
        return model_key(self.namespace, self.name)

    def pods_of(self, revision: str) -> tuple[PodView, ...]:
        """The Pods of a revision that nobody is deleting."""
        return tuple(p for p in self.pods if p.revision == revision and not p.deleting)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fleet at one moment."""

    settings: Settings
    hearing: Hearing
    satellites: tuple[SatelliteView, ...] = ()
    models: tuple[ModelView, ...] = ()
    lone_actions: tuple[ActionView, ...] = ()
    """Those of models that do not exist."""
    strays: tuple[NodeView, ...] = ()
    """Nodes that belong to no SatelliteNode, and bear names of Perigee or Pods of models."""
    agents: AgentSetView | None = None
