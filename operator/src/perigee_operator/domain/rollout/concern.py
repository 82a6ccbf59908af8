"""Which other satellites could make a decision that stands another one."""

from collections.abc import Mapping
from dataclasses import dataclass

from perigee_api import names
from perigee_api.placement import Placement
from perigee_operator.domain.placement.choice import with_standby
from perigee_operator.domain.placement.eligibility import objection
from perigee_operator.domain.placement.traces import marks
from perigee_operator.domain.rollout.layout import RevisionLayout
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.satellite import Satellite


class Shuffle:
    """Satellites that come, go or may run other models than before."""

    def __init__(self) -> None:
        self.satellites: list[Satellite] = []
        self.nodes: set[str] = set()
        """Names of their Nodes."""
        self.marks: set[str] = set()
        """What any of them has of models."""

    def add(self, *satellites: Satellite | None) -> None:
        """One as it was, as it is, or both; None where there is none."""
        for satellite in satellites:
            if satellite is not None:
                self.satellites.append(satellite)
                self.nodes.add(satellite.node.name)
                self.marks |= marks(satellite)


@dataclass(frozen=True, slots=True)
class Concern:
    """Satellites that a decision may rest on, beside those that it names."""

    marks: frozenset[str]
    """Those that have one of these of the model."""
    placement: Placement | None
    """Those that this allows; None: as many as are wanted have been found."""

    def is_met(self, shuffle: Shuffle) -> bool:
        """Whether one of them is among these satellites."""
        if not self.marks.isdisjoint(shuffle.marks):
            return True
        placement = self.placement
        return placement is not None and any(
            objection(satellite.node, placement) is None for satellite in shuffle.satellites
        )


def concern(
    situation: Situation, state: RolloutState, places: Mapping[str, RevisionLayout]
) -> Concern:
    """That of a decision after which nothing is under way."""
    model, placement = situation.model, situation.spec.placement
    labels = {
        names.node_revision_label(model.namespace, model.name, name) for name in situation.revisions
    }
    digests = {a.sha256 for each in situation.revisions.values() for a in each.artifacts}
    place = places.get(state.stable or "")
    chosen = 0 if place is None else len(place.satellites)
    has_all = not placement.every_satellite and chosen == with_standby(situation.copies)
    return Concern(frozenset(labels | digests), None if has_all else placement)
