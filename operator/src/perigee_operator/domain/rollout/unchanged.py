"""Decisions that change nothing of what a model has, and what that is."""

from collections.abc import Mapping

from perigee_api import names
from perigee_api.heartbeat import AssignedArtifact
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.revision import known_revision
from perigee_operator.domain.satellite import Satellite


def labels_as_they_are(
    model: ModelView, satellites: Mapping[str, Satellite]
) -> dict[str, frozenset[str]]:
    """Label keys of the model's revisions that Nodes bear, by Node."""
    return {
        name: frozenset(key for key in satellite.node.labels if _is_of(key, model))
        for name, satellite in satellites.items()
    }


def files_as_they_are(
    model: ModelView, satellites: Mapping[str, Satellite]
) -> dict[str, tuple[AssignedArtifact, ...]]:
    """The model's files that satellites are told to keep, by Node."""
    kept = [artifact for view in model.revisions for artifact in known_revision(view).artifacts]
    return {
        name: tuple(artifact for artifact in kept if artifact.sha256 in satellite.assigned)
        for name, satellite in satellites.items()
    }


def ahead_as_it_is(
    model: ModelView, satellites: Mapping[str, Satellite]
) -> dict[str, tuple[AssignedArtifact, ...]]:
    """The model's files that satellites are told to fetch ahead, by Node."""
    kept = [artifact for view in model.revisions for artifact in known_revision(view).artifacts]
    return {
        name: tuple(artifact for artifact in kept if artifact.sha256 in satellite.ahead)
        for name, satellite in satellites.items()
        if satellite.ahead
    }


def _is_of(label: str, model: ModelView) -> bool:
    """Whether a Node's label is of a revision of the model, whichever."""
    prefix = names.node_revision_label(model.namespace, model.name, "")
    # Another model's name may begin with this one's.
    return label.startswith(prefix) and len(label) == len(prefix) + names.REVISION_DIGITS
