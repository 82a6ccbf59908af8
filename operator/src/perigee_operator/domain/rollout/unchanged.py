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
    """Label keys of the model's revisions that Nodes bear, by Node.

    Those of any but the stable one stay only where it has a Pod: no other may come.
    """
    stable = model.status.stable_revision
    runs = {(pod.node, pod.revision) for pod in model.pods}
    found: dict[str, frozenset[str]] = {}
    for name, satellite in satellites.items():
        revisions = {key: _revision(key, model) for key in satellite.node.labels}
        found[name] = frozenset(
            key
            for key, revision in revisions.items()
            if revision is not None and (revision == stable or (name, revision) in runs)
        )
    return found


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


def _revision(label: str, model: ModelView) -> str | None:
    """Of which revision of the model a Node's label is; None, if it is not the model's."""
    prefix = names.node_revision_label(model.namespace, model.name, "")
    # Another model's name may begin with this one's.
    is_of_it = label.startswith(prefix) and len(label) == len(prefix) + names.REVISION_DIGITS
    return label.removeprefix(prefix) if is_of_it else None
