"""What was decided about models, made anew only where it may be another by now.

A decision after which nothing is under way stands as long as nothing changes that it rests on. A
rollout under way rests on so much that it is decided anew in each look. But if more of them have
something to write than one plan may hold, the others wait for their turn, and are not decided
before it unless the model changes, time is due, or a satellite of theirs comes, goes or is lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import is_

from perigee_api.inference_model import InferenceModelStatus
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.known_satellites import KnownSatellites
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.precedence import predecessors
from perigee_operator.domain.writes import Track

UNTOUCHED = InferenceModelStatus()


@dataclass(frozen=True, slots=True)
class _Known:
    model: ModelView
    decision: ModelDecision
    """Without what was to be written: that is written by now, or found anew."""
    nodes: frozenset[str]
    """Satellites that the decision names, by Node."""
    predecessors: tuple[ModelView | None, ...]
    """Models on which it rests."""
    until: datetime

    def stands(
        self,
        model: ModelView,
        predecessors: tuple[ModelView | None, ...],
        satellites: KnownSatellites,
        now: datetime,
        *,
        waits: bool,
    ) -> bool:
        """Whether it cannot be another by now.

        Of what waits for its turn: whether no satellite of its own has come, gone or been lost.
        """
        if self.model is not model or not all(map(is_, self.predecessors, predecessors)):
            return False
        if now >= self.until:
            return False
        concern = self.decision.concern
        if concern is None:
            return waits and satellites.shuffle.nodes.isdisjoint(self.nodes)
        return satellites.changed.isdisjoint(self.nodes) and not concern.is_met(satellites.shuffle)


class KnownModels:
    """The decisions of the last look."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def next_change(self) -> datetime:
        """When time alone will change one that stands."""
        standing = (each for each in self._known.values() if each.decision.concern is not None)
        return min((each.until for each in standing), default=END)

    def decided(
        self,
        models: Sequence[ModelView],
        satellites: KnownSatellites,
        decide: Callable[[ModelView], ModelDecision],
        now: datetime,
        most: int | None = None,
    ) -> list[ModelDecision]:
        """A decision a model; those that cannot have changed are not made again.

        Args:
            models: in the order of their turns.
            satellites: as they are.
            decide: makes a decision.
            now: the moment.
            most: once more than so many models have something to write, the others wait for their
                turn; None: nobody does.
        """
        before, self._known = self._known, {}
        by_key = {model.key: model for model in models}
        decisions, writing = [], 0
        for model in models:
            known, first = before.get(model.uid), predecessors(model, by_key)
            waits = most is not None and writing > most
            if known is not None and known.stands(model, first, satellites, now, waits=waits):
                self._known[model.uid] = known
                decisions.append(known.decision)
                continue
            if known is None and waits and _is_untouched(model):
                decisions.append(ModelDecision(Track(model.key, ())))
                continue
            decision = decide(model)
            writing += bool(decision.track.writes)
            if known is not None:
                decision = _same_demands(decision, known.decision)
            self._known[model.uid] = _known(model, first, decision, now)
            decisions.append(decision)
        return decisions


def _is_untouched(model: ModelView) -> bool:
    """Whether it is new, and there is nothing of it anywhere."""
    made = model.revisions or model.workloads or model.services or model.pods
    return not made and not model.deleting and model.status == UNTOUCHED


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


def _known(
    model: ModelView,
    first: tuple[ModelView | None, ...],
    decision: ModelDecision,
    now: datetime,
) -> _Known:
    hosts = {pod.node for pod in model.pods if pod.node is not None}
    named = (decision.node_labels, decision.artifacts, decision.ahead)
    nodes = frozenset(hosts.union(*named))
    left_s = decision.next_change_s
    until = END if left_s is None else now + timedelta(seconds=left_s)
    if decision.track.writes:
        decision = replace(decision, track=Track(model.key, ()))
    return _Known(model, decision, nodes, first, until)
