"""What the last plan found out, so that it is not found out again.

A memory decides nothing: a plan without one is the same plan, and takes longer. In a large fleet
little changes from one look to the next, and what is remembered of the rest is compared by
identity: whoever takes snapshots hands over the same views for what is as it was.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import is_
from typing import Generic, TypeVar

from perigee_operator.domain.at_rest import AtRest
from perigee_operator.domain.demands import Demands
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.known_satellites import KnownSatellites
from perigee_operator.domain.liveness.watch import Watch
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.placement.on_board import OnBoard
from perigee_operator.domain.rollout.concern import Concern
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.precedence import predecessors

V = TypeVar("V")


class Last(Generic[V]):
    """What was made last: made anew only from other grounds."""

    def __init__(self) -> None:
        self._made: tuple[tuple[object, ...], V] | None = None

    def of(self, grounds: Iterable[object], make: Callable[[], V]) -> V:
        """What `make` makes of these grounds, or has made of the very same ones."""
        given = tuple(grounds)
        known = self._made
        if known is None or len(known[0]) != len(given) or not all(map(is_, known[0], given)):
            known = self._made = (given, make())
        return known[1]


@dataclass(frozen=True, slots=True)
class _Settled:
    model: ModelView
    decision: ModelDecision
    concern: Concern
    nodes: frozenset[str]
    """Satellites that the decision names, by Node."""
    predecessors: tuple[ModelView | None, ...]
    """Models on which it rests."""
    until: datetime


class SettledModels:
    """Decisions that stand: of models that want nothing, as long as nothing of theirs changes."""

    def __init__(self) -> None:
        self._settled: dict[str, _Settled] = {}

    def next_change(self) -> datetime:
        """When time alone will change one of them."""
        return min((each.until for each in self._settled.values()), default=END)

    def decided(
        self,
        models: Sequence[ModelView],
        satellites: KnownSatellites,
        decide: Callable[[ModelView], ModelDecision],
        now: datetime,
    ) -> list[ModelDecision]:
        """A decision a model; those that cannot have changed are not made again."""
        before, self._settled = self._settled, {}
        decisions = []
        by_key = {model.key: model for model in models}
        for model in models:
            known, first = before.get(model.uid), predecessors(model, by_key)
            stands = (
                known is not None
                and known.model is model
                and all(map(is_, known.predecessors, first))
                and now < known.until
                and satellites.changed.isdisjoint(known.nodes)
                and not known.concern.is_met(satellites.shuffle)
            )
            decision = known.decision if known is not None and stands else decide(model)
            if known is not None and not stands:
                decision = _same_demands(decision, known.decision)
            decisions.append(decision)
            if known is not None and stands:
                self._settled[model.uid] = known
            elif decision.concern is not None:
                self._settled[model.uid] = _settled(model, first, decision, decision.concern, now)
        return decisions


def _same_demands(decision: ModelDecision, before: ModelDecision) -> ModelDecision:
    """A decision, with the very same demands as before if they are equal."""
    if (
        decision.node_labels != before.node_labels
        or decision.artifacts != before.artifacts
        or decision.ahead != before.ahead
        or decision.dispensable != before.dispensable
    ):
        return decision
    return replace(
        decision,
        node_labels=before.node_labels,
        artifacts=before.artifacts,
        ahead=before.ahead,
        dispensable=before.dispensable,
    )


def _settled(
    model: ModelView,
    first: tuple[ModelView | None, ...],
    decision: ModelDecision,
    concern: Concern,
    now: datetime,
) -> _Settled:
    hosts = {pod.node for pod in model.pods if pod.node is not None}
    nodes = frozenset(hosts | decision.node_labels.keys() | decision.artifacts.keys())
    left_s = decision.next_change_s
    until = END if left_s is None else now + timedelta(seconds=left_s)
    return _Settled(model, decision, concern, nodes, first, until)


class Memory:
    """All that one plan hands to the next."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.satellites = KnownSatellites()
        self.models = SettledModels()
        self.on_board = Last[OnBoard]()
        self.demands = Last[Demands]()
        self.at_rest = AtRest()
        self._anybody_departs = False

    def note_departing(self, nodes: Collection[str]) -> None:
        """Nodes without a SatelliteNode still have Pods; while they do no decision stands."""
        if nodes or self._anybody_departs:
            self.models = SettledModels()
        self._anybody_departs = bool(nodes)
