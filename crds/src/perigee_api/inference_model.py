"""InferenceModel: a model, where it may run, and how a new revision is introduced."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from perigee_api import names
from perigee_api.analysis import AnalysisMetric, MetricStatus
from perigee_api.artifact import Artifact, Digest, Uri
from perigee_api.base import Conditions, Schema
from perigee_api.copy_move import CopyMove
from perigee_api.golden import Golden, GoldenMetric
from perigee_api.placement import (
    AcceleratorPolicy,
    ComputeResources,
    LabelSelector,
    Placement,
    SpreadBy,
)
from perigee_api.predecessor import Predecessor
from perigee_api.resource import WIDE, Column, Resource, Scale
from perigee_api.rollout import Percent, Rollout
from perigee_api.rollout_status import (
    AbortedRollout,
    HistoryEntry,
    NextWave,
    PinnedRevision,
    RolloutStatus,
)
from perigee_api.rules import Rule, rules
from perigee_api.runtime import Batching, Engine, Precision, Runtime
from perigee_api.shadow import Shadow
from perigee_api.step import Analysis, GoldenAnalysis, Pause, Step
from perigee_api.swap import RolloutStrategy, Swap
from perigee_api.waiting import WaitingRevision, WaitReason
from perigee_api.wave import Wave

__all__ = [
    "RESOURCE",
    "AbortedRollout",
    "AcceleratorPolicy",
    "Analysis",
    "AnalysisMetric",
    "Artifact",
    "Batching",
    "ComputeResources",
    "CopyMove",
    "Digest",
    "Engine",
    "Failover",
    "FailoverPolicy",
    "Golden",
    "GoldenAnalysis",
    "GoldenMetric",
    "HistoryEntry",
    "InferenceModelSpec",
    "InferenceModelStatus",
    "LabelSelector",
    "MetricStatus",
    "ModelPhase",
    "NextWave",
    "Pause",
    "Percent",
    "PinnedRevision",
    "Placement",
    "Precision",
    "Predecessor",
    "Rollout",
    "RolloutStatus",
    "RolloutStrategy",
    "Runtime",
    "Shadow",
    "SpreadBy",
    "Step",
    "Swap",
    "Uri",
    "WaitReason",
    "WaitingRevision",
    "Wave",
]


class FailoverPolicy(StrEnum):
    """What happens to the copies of a lost satellite."""

    RESCHEDULE = "Reschedule"
    NONE = "None"


class Failover(Schema):
    """What happens when a satellite is lost."""

    policy: FailoverPolicy = FailoverPolicy.RESCHEDULE


class InferenceModelSpec(Schema):
    """What is wanted of a model.

    `artifact`, `golden`, `runtime` and `resources` make a revision; everything else changes in
    place and starts no rollout.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.golden) || !has(self.rollout.steps) || "
                "!self.rollout.steps.exists(step, has(step.analysis) && has(step.analysis.golden))",
                "golden must be given, since a step of the rollout analyses by it",
                field=".golden",
            ),
            Rule(
                "has(self.golden) || !has(self.rollout.steps) || "
                "!self.rollout.steps.exists(step, has(step.analysis) && has(step.analysis.drift))",
                "golden must be given, since a drift is from its samples",
                field=".golden",
            ),
            Rule(
                "has(self.golden) || !has(self.rollout.steps) || "
                "!self.rollout.steps.exists(step, has(step.shadow))",
                "golden must be given, since a shadow compares answers by its metric",
                field=".golden",
            ),
        )
    )

    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$", max_length=8)] | None = Field(
        default=None,
        description="A revision of the history that is to serve: the model goes there at once, "
        "without steps. As long as it is given, artifact, golden, runtime and resources are not "
        "looked at.",
    )
    artifact: Artifact
    golden: Golden | None = None
    runtime: Runtime = Runtime()
    resources: ComputeResources = ComputeResources()
    placement: Placement
    rollout: Rollout = Rollout()
    failover: Failover = Failover()
    paused: bool = Field(default=False, description="Holds the rollout where it is.")


class ModelPhase(StrEnum):
    """How far a model has come."""

    PENDING = "Pending"
    PROGRESSING = "Progressing"
    WAITING = "Waiting"
    PAUSED = "Paused"
    HEALTHY = "Healthy"
    DEGRADED = "Degraded"


HISTORY_LIMIT: Final = 20


class InferenceModelStatus(Schema):
    """What is seen of a model; written on transitions only."""

    phase: ModelPhase = ModelPhase.PENDING
    message: str = Field(default="", max_length=2000, description="Why nothing moves, if so.")
    conditions: Conditions = Field(
        default_factory=list, description="Findings on the model, one a type."
    )
    observed_generation: int | None = Field(
        default=None, ge=0, description="The generation of the spec that this status is of."
    )
    stable_revision: str | None = Field(default=None, description="The revision that serves.")
    candidate_revision: str | None = Field(
        default=None, description="The revision that is being introduced."
    )
    previous_revision: str | None = Field(
        default=None, description="The revision that served before, kept for the way back."
    )
    rollout: RolloutStatus | None = None
    waiting: WaitingRevision | None = None
    aborted: AbortedRollout | None = None
    pinned: PinnedRevision | None = None
    move: CopyMove | None = Field(
        default=None,
        description="The copy that is moved for the sake of keepInReach, or was moved last.",
    )
    swaps: Annotated[list[Swap], Field(max_length=10_000)] = Field(
        default_factory=list,
        description="Satellites on which one revision takes the place of another, and for as long "
        "as a rollout of so many copies lasts those on which one has.",
    )
    history: Annotated[list[HistoryEntry], Field(max_length=HISTORY_LIMIT)] = Field(
        default_factory=list, description="What was decided, the newest last."
    )
    replicas: int = Field(default=0, ge=0, description="Verified copies of the stable revision.")
    active: int = Field(default=0, ge=0, description="Copies that serve.")
    weight: int = Field(default=0, ge=0, le=100, description="Candidate's share of them, %.")
    selector: str = Field(default="", description="Selects the model's Pods, for scale.")


RESOURCE: Final = Resource(
    kind="InferenceModel",
    plural="inferencemodels",
    short_name="imodel",
    namespaced=True,
    description="A model that is to serve on satellites: what is run, where it may run, how a new "
    "revision is introduced, and what happens when a satellite is lost.",
    spec=InferenceModelSpec,
    status=InferenceModelStatus,
    name_rules=(
        Rule(
            f"self.metadata.name.size() <= {names.LONGEST_MODEL_NAME}",
            f"the name must be at most {names.LONGEST_MODEL_NAME} characters long: Services and "
            "labels are named after it",
            field=".metadata.name",
        ),
        Rule(
            "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
            "the name must begin with a letter and hold lower-case letters, digits and '-' only, "
            "as the names of Services do",
            field=".metadata.name",
        ),
        Rule(
            f"!self.metadata.name.endsWith('{names.LOCAL_SUFFIX}')",
            f"the name must not end in {names.LOCAL_SUFFIX}: that is the name of the Service by "
            "which a satellite reaches the model without it",
            field=".metadata.name",
        ),
        Rule(
            "!has(self.spec.rollout) || !has(self.spec.rollout.after) || "
            "self.spec.rollout.after.all(first, first.model != self.metadata.name)",
            "a model cannot come after itself",
            field=".spec.rollout.after",
        ),
    ),
    columns=(
        Column("Phase", ".status.phase", "How far it has come."),
        Column("Stable", ".status.stableRevision", "The revision that serves."),
        Column("Candidate", ".status.candidateRevision", "The revision being introduced."),
        Column("Step", ".status.rollout.step", "Step under way, from 0.", type="integer"),
        Column("Weight", ".status.weight", "The candidate's share, %.", type="integer"),
        Column("Active", ".status.active", "Copies that serve.", type="integer"),
        Column("Age", ".metadata.creationTimestamp", "Since it was created.", type="date"),
        Column("Message", ".status.message", "Why nothing moves, if so.", priority=WIDE),
    ),
    scale=Scale(
        wanted=".spec.placement.replicas",
        present=".status.replicas",
        selector=".status.selector",
    ),
)
