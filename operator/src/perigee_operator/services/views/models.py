"""Views of InferenceModels and of what belongs to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from perigee_api import conditions, names
from perigee_api.inference_model import InferenceModelSpec, InferenceModelStatus
from perigee_operator.domain.fleet import (
    ActionView,
    ModelView,
    ObjectView,
    PodView,
    PolicyView,
    RevisionView,
)
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.odd import UnviewableError, rows, table, text, whole
from perigee_operator.domain.rollout.metrics import metrics_fault
from perigee_operator.domain.rollout.revision import RevisionSpec
from perigee_operator.domain.workloads.workload import (
    FALLBACK_FIELD,
    PROMOTED_ANNOTATION,
    SERVE_IMAGE_FIELD,
)
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.services.views.common import (
    annotations_of,
    identity,
    labels_of,
    own_status,
    parsed,
)
from perigee_operator.services.views.policies import policy_name
from perigee_operator.services.views.shared import share_parts

V = TypeVar("V")


@dataclass(slots=True)
class Belongings:
    """What belongs to one model, by its labels."""

    revisions: list[RevisionView] = field(default_factory=list)
    workloads: dict[str, ObjectView] = field(default_factory=dict)
    services: dict[str, ObjectView] = field(default_factory=dict)
    pods: list[PodView] = field(default_factory=list)
    actions: list[ActionView] = field(default_factory=list)

    def in_order(self) -> "Belongings":
        """The same, ordered as a model's view has them."""
        return Belongings(
            sorted(self.revisions, key=lambda view: view.number),
            dict(sorted(self.workloads.items())),
            dict(sorted(self.services.items())),
            sorted(self.pods, key=lambda pod: pod.name),
            sorted(self.actions, key=lambda action: (action.created_at, action.name)),
        )


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """An InferenceModel as it stands in the API server."""

    name: str
    namespace: str
    uid: str
    version: str
    generation: int
    deleting: bool
    policy: str
    """Name of the RolloutPolicy that it names; empty where it names none."""
    spec: InferenceModelSpec | None
    spec_error: str | None
    status: InferenceModelStatus


def model_record(item: Json) -> ModelRecord:
    """An InferenceModel, parsed.

    Raises:
        UnviewableError: nobody can tell which model it is.
    """
    own, metadata = identity(item), table(item["metadata"])
    spec, error = parsed(InferenceModelSpec, item.get("spec"))
    if spec is not None and (fault := metrics_fault(spec.rollout.steps)) is not None:
        spec, error = None, f"rollout.{fault}"
    if spec is not None:
        share_parts(spec, item["spec"])
    return ModelRecord(
        name=own.name,
        namespace=own.namespace or "",
        uid=own.uid,
        version=own.version,
        generation=whole(metadata.get("generation")) or 0,
        deleting="deletionTimestamp" in metadata,
        policy=policy_name(item),
        spec=spec,
        spec_error=error,
        status=own_status(InferenceModelStatus, item, conditions.OF_MODELS),
    )


def model_view(
    record: ModelRecord,
    belongings: Belongings,
    policy: PolicyView | None = None,
    name_taken: str | None = None,
) -> ModelView:
    """An InferenceModel as the domain sees it, with what belongs to it."""
    return ModelView(
        name=record.name,
        namespace=record.namespace,
        uid=record.uid,
        version=record.version,
        generation=record.generation,
        deleting=record.deleting,
        spec=record.spec,
        spec_error=record.spec_error,
        status=record.status,
        revisions=tuple(belongings.revisions),
        workloads=belongings.workloads,
        services=belongings.services,
        pods=tuple(belongings.pods),
        actions=tuple(belongings.actions),
        policy=policy,
        name_taken=name_taken,
    )


@dataclass(frozen=True, slots=True)
class Owned(Generic[V]):
    """What belongs to a model."""

    owner_uid: str
    revision: str | None
    """That it is of, if it is of one."""
    view: V


def owned(view: Callable[[Json], V], item: Json) -> Owned[V] | None:
    """A view of an object that a model owns directly; what others own is not looked at.

    Raises:
        UnviewableError: as the view.
    """
    owners = rows(table(item.get("metadata")).get("ownerReferences"))
    uids = (text(owner.get("uid")) for owner in owners if owner.get("kind") == "InferenceModel")
    uid = next(uids, "")
    return Owned(uid, labels_of(item).get(names.REVISION_LABEL), view(item)) if uid else None


def object_view(kind: Kind, item: Json) -> ObjectView:
    """An object that belongs to a model.

    Raises:
        UnviewableError: nobody can tell which object it is.
    """
    own = identity(item)
    return ObjectView(ObjectKey(kind, own.name, own.namespace), own.uid, item)


def revision_view(kind: Kind, item: Json) -> RevisionView:
    """A ControllerRevision of a model.

    Raises:
        UnviewableError: somebody else has written something into it.
    """
    data = table(item.get("data"))
    spec, error = parsed(RevisionSpec, data.get("spec"))
    revision = labels_of(item).get(names.REVISION_LABEL)
    number = whole(item.get("revision", 0))
    if spec is None:
        message = f"data.spec is no revision of a model: {error}"
        raise UnviewableError(message)
    if revision is None or number is None:
        message = f"it has no label {names.REVISION_LABEL}, or revision is no number"
        raise UnviewableError(message)
    return RevisionView(
        name=revision,
        spec=data["spec"],
        image=text(data.get(SERVE_IMAGE_FIELD)),
        number=number,
        promoted=annotations_of(item).get(PROMOTED_ANNOTATION) == "true",
        object=object_view(kind, item),
        fallback=text(data.get(FALLBACK_FIELD)) or None,
    )
