"""What satellites have on board of a model, and what may come there beside it or in its place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from perigee_api.inference_model import RolloutStrategy, Swap
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.placement.room import room_for, shortage, without
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import Amounts


@dataclass(frozen=True, slots=True)
class Boards:
    """The Pods of a model where they are, and the places that they take from each other."""

    pods: Mapping[str, tuple[PodView, ...]]
    """By Node; those that are being deleted, too, for they run until they are gone."""
    swaps: Mapping[str, Swap]
    """By Node: where one revision takes, or has taken, the place of others."""
    strategy: RolloutStrategy

    def others(self, node: str, revision: str) -> tuple[PodView, ...]:
        """Pods of other revisions there, those that end included."""
        return tuple(pod for pod in self.pods.get(node, ()) if pod.revision != revision)

    def is_taken_by(self, revision: str, node: str) -> bool:
        """Whether a revision takes, or has taken, the place of others there."""
        swap = self.swaps.get(node)
        return swap is not None and swap.revision == revision

    def has_place(self, revision: str, wanted: Amounts) -> Callable[[Satellite], bool]:
        """Whether there is room for a Pod of a revision, or would be with the others gone."""
        beside = room_for(wanted)
        if self.strategy is RolloutStrategy.SIDE_BY_SIDE and not self.swaps:
            return beside

        def fits(satellite: Satellite) -> bool:
            if beside(satellite):
                return True
            vacated = self._vacated(satellite, revision)
            return vacated is not satellite and beside(vacated)

        return fits

    def shortage(self, revision: str, wanted: Amounts, satellite: Satellite) -> str | None:
        """What a satellite has too little of, even with those gone that would give way."""
        return shortage(self._vacated(satellite, revision), wanted)

    def may_give_way(self, wanted: Amounts, satellite: Satellite) -> bool:
        """Whether others have to be gone there before a Pod of a revision may come."""
        if self.strategy is RolloutStrategy.AUTO:
            return not room_for(wanted)(satellite)
        return self.strategy is RolloutStrategy.REPLACE

    def is_clear(self, revision: str, wanted: Amounts, satellite: Satellite) -> bool:
        """Whether nothing has to give way any more; whether there is room is another question."""
        node = satellite.node.name
        swap, others = self.swaps.get(node), self.others(node, revision)
        if swap is not None:
            return swap.revision == revision and not others
        return not others or not self.may_give_way(wanted, satellite)

    def is_withdrawn(self, pod: PodView) -> bool:
        """Whether a Pod is to be asked no more, since another revision takes its place."""
        swap = self.swaps.get(pod.node or "")
        return swap is not None and swap.revision != pod.revision

    def _vacated(self, satellite: Satellite, revision: str) -> Satellite:
        """A satellite as it would be without the Pods that would give way."""
        node = satellite.node.name
        may_stay = self.strategy is RolloutStrategy.SIDE_BY_SIDE
        if may_stay and not self.is_taken_by(revision, node):
            return satellite
        # What is about to end was counted no more.
        leaving = [pod for pod in self.others(node, revision) if not pod.deleting]
        return without(satellite, leaving) if leaving else satellite


def boards(
    pods: Iterable[PodView],
    swaps: Iterable[Swap],
    strategy: RolloutStrategy,
    satellites: Mapping[str, Satellite],
) -> Boards:
    """The boards of a model; satellites are by Node name, those of swaps by their own."""
    found: dict[str, list[PodView]] = {}
    for pod in pods:
        if pod.node is not None and not pod.refused:
            found.setdefault(pod.node, []).append(pod)
    recorded = {swap.satellite: swap for swap in swaps}
    # Of a large fleet nobody is looked at for nothing.
    named = satellites.items() if recorded else ()
    by_node = {node: recorded[each.name] for node, each in named if each.name in recorded}
    return Boards({node: tuple(each) for node, each in found.items()}, by_node, strategy)
