"""All satellites, in order, beside what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from perigee_operator.domain.fleet import SatelliteView


@dataclass(frozen=True, slots=True)
class Roster:
    """One row a satellite."""

    views: Sequence[SatelliteView]
    names: list[str] = field(init=False)
    nodes: list[str] = field(init=False)
    """Names of their Nodes; empty for those that have none."""

    def __post_init__(self) -> None:
        nodes = [view.node.name if view.node else "" for view in self.views]
        object.__setattr__(self, "names", [view.name for view in self.views])
        object.__setattr__(self, "nodes", nodes)
