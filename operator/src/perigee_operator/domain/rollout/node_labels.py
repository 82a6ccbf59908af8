"""Labels by which Nodes let the Pods of revisions in."""

from collections.abc import Mapping

from perigee_api import names
from perigee_operator.domain.rollout.layout import RevisionLayout, strangers
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation


def node_labels(
    situation: Situation, state: RolloutState, places: Mapping[str, RevisionLayout]
) -> dict[str, frozenset[str]]:
    """Label keys of revisions by Node: where a revision may run."""
    model = situation.model
    nodes = {revision: place.nodes for revision, place in places.items()}
    nodes |= {name: situation.nodes_with(name) for name in strangers(situation, state)}
    found: dict[str, set[str]] = {}
    for revision in nodes:
        label = names.node_revision_label(model.namespace, model.name, revision)
        for node in nodes[revision]:
            found.setdefault(node, set()).add(label)
    return {node: frozenset(labels) for node, labels in found.items()}
