"""Labels and owners of what belongs to a model."""

from typing import Any

from perigee_api import names
from perigee_operator.domain.fleet import ModelView


def model_labels(model: ModelView) -> dict[str, str]:
    """What every object of a model bears."""
    return {
        "app.kubernetes.io/managed-by": "perigee",
        "app.kubernetes.io/name": model.name,
        names.MODEL_LABEL: model.name,
    }


def revision_labels(model: ModelView, revision: str) -> dict[str, str]:
    """What the workload and the Pods of a revision bear."""
    return model_labels(model) | {names.REVISION_LABEL: revision}


def owner(model: ModelView) -> dict[str, Any]:
    """The InferenceModel as owner, so that its deletion cleans up."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": "InferenceModel",
        "name": model.name,
        "uid": model.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
