"""What the last plan found out, so that it is not found out again.

A memory decides nothing: a plan without one is the same plan, and takes longer. In a large fleet
little changes from one look to the next, and what is remembered of the rest is compared by
identity: whoever takes snapshots hands over the same views for what is as it was.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import is_

from perigee_operator.domain.fleet import ModelView, SatelliteView
from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.liveness.watch import Watch
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.rollout.concern import Concern, Shuffle
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.precedence import predecessors
from perigee_operator.domain.satellite import (
    Satellite,
    is_alike,
    is_same_at_rest,
    satellite,
    steady_for_s,
)
from perigee_operator.domain.workloads.quantity import NOTHING, Amounts


@dataclass(frozen=True, slots=True)
class _Grounds:
    view: SatelliteView
    assessment: Assessment
    claimed: Amounts

    def are(self, other: "_Grounds") -> bool:
        """Whether it is the very same view and assessment, and as much is claimed."""
        same = self.view is other.view and self.assessment is other.assessment
        return same and self.claimed == other.claimed


@dataclass(frozen=True, slots=True)
class _Known:
    grounds: _Grounds
    found: Satellite | None
    until: datetime
    """When time alone will make it another."""


class KnownSatellites:
    """The satellites of the last look, and which of them have changed since."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self.changed: set[str] = set()
        """Names of Nodes whose satellite is not as it was in the look before."""
        self.shuffle = Shuffle()
        """Of them those that make a difference to where models may run."""

    def look(
        self,
        views: Iterable[SatelliteView],
        assessments: Mapping[str, Assessment],
        claims: Mapping[str, Amounts],
        losing_guard_s: float,
        now: datetime,
    ) -> dict[str, Satellite]:
        """The satellites that have a Node, by the Node's name.

        Args:
            views: of all satellites.
            assessments: by the satellite's name.
            claims: what Pods of models have set aside, by the Node's name.
            losing_guard_s: a satellite is not in reach this long before it sets.
            now: the moment.
        """
        before, self._known = self._known, {}
        self.changed, self.shuffle = set(), Shuffle()
        for view in views:
            claimed = claims.get(view.node.name, NOTHING) if view.node else NOTHING
            grounds = _Grounds(view, assessments[view.name], claimed)
            known = before.get(view.name)
            if known is None or not known.grounds.are(grounds) or known.until <= now:
                known = self._looked_at(grounds, known, losing_guard_s, now)
            self._known[view.name] = known
        for name in before.keys() - self._known.keys():
            found = before[name].found
            self.changed |= {found.node.name} if found else set()
            self.shuffle.add(found)
        return {
            known.found.node.name: known.found
            for known in self._known.values()
            if known.found is not None
        }

    def next_change(self) -> datetime:
        """When time alone will change one of them."""
        return min((known.until for known in self._known.values()), default=END)

    def _looked_at(
        self, grounds: _Grounds, known: _Known | None, losing_guard_s: float, now: datetime
    ) -> _Known:
        view = grounds.view
        found = satellite(view, grounds.assessment, losing_guard_s, now, grounds.claimed)
        before = known.found if known else None
        if found == before:
            found = before
        elif found is None or before is None or not is_same_at_rest(found, before):
            self.changed |= {s.node.name for s in (found, before) if s is not None}
            if found is None or before is None or not is_alike(found, before):
                self.shuffle.add(found, before)
        steady_s = None if found is None else steady_for_s(view, found, losing_guard_s, now)
        until = END if steady_s is None else now + timedelta(seconds=steady_s)
        return _Known(grounds, found, until)


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
            decisions.append(decision)
            if known is not None and stands:
                self._settled[model.uid] = known
            elif decision.concern is not None:
                self._settled[model.uid] = _settled(model, first, decision, decision.concern, now)
        return decisions


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


class IdleSatellites:
    """Of which satellites nothing is to be written, and on what that rests."""

    def __init__(self) -> None:
        self._idle: dict[str, tuple[tuple[object, ...], datetime]] = {}

    def is_idle(self, name: str, grounds: tuple[object, ...], now: datetime) -> bool:
        """Whether nothing was to be written on the same grounds, and still is not.

        What is the very same is equal at once; most of the grounds are.
        """
        known = self._idle.get(name)
        return known is not None and now < known[1] and known[0] == grounds

    def note(self, name: str, grounds: tuple[object, ...], until: datetime) -> None:
        """Nothing is to be written on these grounds, until then."""
        self._idle[name] = (grounds, until)

    def forget(self, name: str) -> None:
        """Something is to be written."""
        self._idle.pop(name, None)

    def keep(self, names: Collection[str]) -> None:
        """Forgets all others."""
        for name in self._idle.keys() - names:
            del self._idle[name]


class Memory:
    """All that one plan hands to the next."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.satellites = KnownSatellites()
        self.models = SettledModels()
        self.idle = IdleSatellites()
        self._anybody_departs = False

    def note_departing(self, nodes: Collection[str]) -> None:
        """Nodes without a SatelliteNode still have Pods; while they do no decision stands."""
        if nodes or self._anybody_departs:
            self.models = SettledModels()
        self._anybody_departs = bool(nodes)
