"""A revision's workload: a ReplicaSet for so many copies, a DaemonSet for every satellite."""

from typing import Any

from perigee_api import names
from perigee_api.inference_model import Placement
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.kinds import CONTROLLER_REVISION, DAEMON_SET, REPLICA_SET
from perigee_operator.domain.rollout.revision import Revision, digest
from perigee_operator.domain.workloads.labels import owner, revision_labels
from perigee_operator.domain.workloads.pod_template import pod_template
from perigee_operator.domain.writes import Apply, ObjectKey

SERVE_IMAGE_FIELD = "image"
FALLBACK_FIELD = "fallback"
PROMOTED_ANNOTATION = "perigee.space/promoted"
TEMPLATE_ANNOTATION = "perigee.space/template"
PLACEMENT_ANNOTATION = "perigee.space/placement"
"""On a ReplicaSet's Pods: which of its placements they were made by."""
_PLACING = ("nodeSelector", "affinity", "topologySpreadConstraints")
"""Hash of the Pod template, by which a part that is no longer wanted is noticed."""


def replica_set(
    model: ModelView,
    revision: Revision,
    placement: Placement,
    copies: int,
    *,
    fallback: Revision | None = None,
) -> Apply:
    """The ReplicaSet of a revision.

    No Deployment: one would answer every change of the template, be it another placement or what
    a newer operator adds, by replacing all Pods, those of dark satellites first. Here a change
    is for new Pods, and the operator ends old ones where they must not stay.

    Args:
        model: of the revision.
        revision: what its Pods serve.
        placement: where they may run.
        copies: how many.
        fallback: what they go back to by themselves.
    """
    template = pod_template(model, revision, placement, fallback)
    placing = {key: template["spec"].get(key) for key in _PLACING}
    template["metadata"]["annotations"] = {PLACEMENT_ANNOTATION: digest(placing)}
    return Apply(
        ObjectKey(REPLICA_SET, names.workload_name(model.name, revision.name), model.namespace),
        {
            "metadata": _metadata(model, revision.name) | _fingerprint(template),
            "spec": {
                "replicas": copies,
                "selector": _selector(model, revision.name),
                "template": template,
            },
        },
        owner_uid=model.uid,
    )


def daemon_set(model: ModelView, revision: Revision, *, fallback: Revision | None = None) -> Apply:
    """The DaemonSet of a revision.

    OnDelete, since a rolling update would first mark the Pods of every dark satellite for
    deletion. Where it may run the label of the revision says alone: of a Node that a selector of
    the model's own no longer fits the Pod would go before another serves.

    Args:
        model: of the revision.
        revision: what its Pods serve.
        fallback: what they go back to by themselves.
    """
    template = pod_template(model, revision, Placement(every_satellite=True), fallback)
    return Apply(
        ObjectKey(DAEMON_SET, names.workload_name(model.name, revision.name), model.namespace),
        {
            "metadata": _metadata(model, revision.name) | _fingerprint(template),
            "spec": {
                "selector": _selector(model, revision.name),
                "updateStrategy": {"type": "OnDelete"},
                "template": template,
            },
        },
        owner_uid=model.uid,
    )


def controller_revision(
    model: ModelView, revision: Revision, number: int, *, promoted: bool
) -> Apply:
    """What is kept of a revision for the way back."""
    metadata = _metadata(model, revision.name)
    data: dict[str, Any] = {"spec": revision.body, SERVE_IMAGE_FIELD: revision.image}
    if revision.fallback is not None:
        data[FALLBACK_FIELD] = revision.fallback
    if promoted:
        metadata["annotations"] = {PROMOTED_ANNOTATION: "true"}
    return Apply(
        ObjectKey(
            CONTROLLER_REVISION, names.workload_name(model.name, revision.name), model.namespace
        ),
        {
            "metadata": metadata,
            "revision": number,
            "data": data,
        },
        owner_uid=model.uid,
    )


def _metadata(model: ModelView, revision: str) -> dict[str, Any]:
    return {"labels": revision_labels(model, revision), "ownerReferences": [owner(model)]}


def _fingerprint(template: dict[str, Any]) -> dict[str, Any]:
    return {"annotations": {TEMPLATE_ANNOTATION: digest(template)}}


def _selector(model: ModelView, revision: str) -> dict[str, Any]:
    return {
        "matchLabels": {names.MODEL_LABEL: model.name, names.REVISION_LABEL: revision},
    }
