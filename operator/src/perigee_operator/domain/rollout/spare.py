"""How many satellites a model can spare at once while revisions take each other's place."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.situation import Situation


@dataclass(frozen=True, slots=True)
class Spare:
    """Where copies serve, and where they could."""

    could_serve: int
    """Satellites on which copies are wanted and can be had."""
    serving: int
    """Of these those on which one serves."""
    limit: int
    """So many may be without one: `maxUnavailable`."""
    last_may_go: bool = False
    """Nobody need serve for a while: the model has one copy in all, and its user agrees."""
    swapping: int = 0
    """Satellites on which a copy that served has given way, and none serves in its place yet."""

    @property
    def out(self) -> int:
        """Satellites on which none serves."""
        return max(0, self.could_serve - self.serving)

    @property
    def hindrance(self) -> str | None:
        """Why no copy that serves may be taken out of service; None if one may."""
        if self.swapping >= self.limit:
            return f"{self.swapping} swap already, and maxUnavailable is {self.limit}"
        if self.out >= self.limit:
            return (
                f"{self.out} of {self.could_serve} satellites do not serve, and "
                f"maxUnavailable is {self.limit}"
            )
        if self.serving <= 1 and not self.last_may_go:
            only = ", as rollout.maxUnavailable would allow" if self.could_serve <= 1 else ""
            return f"its copy is the last one that serves, and is not taken out{only}"
        return None

    def one_less(self) -> "Spare":
        """The same, with a copy taken out of service."""
        return replace(self, serving=self.serving - 1, swapping=self.swapping + 1)


def spare(situation: Situation, asked: Iterable[PodView]) -> Spare:
    """What a model can spare.

    Args:
        situation: the model.
        asked: its Pods that are to be asked on.
    """
    hosts = {pod.node for pod in situation.model.pods if not pod.deleting}
    stable = situation.model.status.stable_revision
    able = {each.node.name for each in situation.with_room(stable, situation.eligible)}
    could = sum(each.node.name in able | hosts for each in situation.eligible)
    all_serving = situation.serving()
    serving = {pod.node for pod in asked if pod.uid in all_serving}
    wanted, limit = min(situation.copies, could), situation.spec.rollout.unavailable
    return Spare(wanted, len(serving), limit, last_may_go=last_may_go(situation))


def last_may_go(situation: Situation) -> bool:
    """Whether nobody need serve for a while: there is one copy in all, and its user agrees."""
    return situation.copies == 1 and situation.spec.rollout.max_unavailable is not None
