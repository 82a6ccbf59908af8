"""What a look at one model comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from perigee_api.heartbeat import AssignedArtifact
from perigee_operator.domain.rollout.concern import Concern
from perigee_operator.domain.writes import Track


@dataclass(frozen=True, slots=True)
class ModelDecision:
    """What follows for a model, and for the satellites it runs on."""

    track: Track
    node_labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Label keys of revisions by Node."""
    artifacts: Mapping[str, tuple[AssignedArtifact, ...]] = field(default_factory=dict)
    """What is to be on board, by Node, the most urgent first."""
    ahead: Mapping[str, tuple[AssignedArtifact, ...]] = field(default_factory=dict)
    """What is to come on board once all that any model wants by now has, by Node."""
    dispensable: frozenset[str] = frozenset()
    """uids of Pods on satellites that leave, which may end."""
    next_change_s: float | None = None
    begins: bool = False
    """A rollout begins that counts among those that may be under way at once."""
    queues: bool = False
    """One would begin, if as many were not under way."""
    concern: Concern | None = None
    """It stands until the model changes, or a satellite that it names, or one of these comes, goes
    or changes where models may run. None: it is made anew in each look."""
