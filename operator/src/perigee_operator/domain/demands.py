"""What all models together want of each satellite."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perigee_api.heartbeat import AssignedArtifact
from perigee_operator.domain.rollout.model_decision import ModelDecision


@dataclass(frozen=True, slots=True)
class Demands:
    """By Node."""

    labels: Mapping[str, frozenset[str]]
    """Keys of those that let Pods of models in."""
    artifacts: Mapping[str, tuple[AssignedArtifact, ...]]
    """What is to be on board, the most urgent of each model first, last what is sent ahead."""
    dispensable: frozenset[str]
    """uids of Pods on satellites that leave, which may end."""
    ahead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Digests of what is sent ahead of its turn, and nobody wants for more."""

    def files(self, node: str) -> tuple[tuple[AssignedArtifact, ...], tuple[str, ...]]:
        """What a satellite is told to keep, and which of it is sent ahead."""
        return self.artifacts.get(node, ()), self.ahead.get(node, ())


def demands(decisions: Sequence[ModelDecision]) -> Demands:
    """What these decisions come to."""
    labels: dict[str, frozenset[str]] = defaultdict(frozenset)
    artifacts: dict[str, dict[str, AssignedArtifact]] = defaultdict(dict)
    dispensable = frozenset[str]()
    for decision in decisions:
        dispensable |= decision.dispensable
        for node, keys in decision.node_labels.items():
            labels[node] |= keys
        for node, wanted in decision.artifacts.items():
            artifacts[node].update({artifact.sha256: artifact for artifact in wanted})
    ahead: dict[str, tuple[str, ...]] = {}
    for decision in decisions:
        for node, early in decision.ahead.items():
            more = {a.sha256: a for a in early if a.sha256 not in artifacts.get(node, {})}
            if more:
                artifacts[node] |= more
                ahead[node] = (*ahead.get(node, ()), *more)
    return Demands(
        dict(labels),
        {node: tuple(found.values()) for node, found in artifacts.items()},
        dispensable,
        ahead,
    )
