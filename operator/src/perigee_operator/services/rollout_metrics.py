"""What the operator tells Prometheus of rollouts."""

from collections import Counter as Tally
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from perigee_api.inference_model import RolloutStatus, WaitReason
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.invariants import Invariant
from perigee_operator.domain.rollout.outcome import ended
from perigee_operator.domain.rollout.places import takes_place
from perigee_operator.domain.rollout.watchdog import INVARIANTS_HOLD

LASTED_BUCKETS_S: Final = (
    60.0,
    300.0,
    900.0,
    3_600.0,
    10_800.0,
    43_200.0,
    86_400.0,
    259_200.0,
    604_800.0,
    1_209_600.0,
)
"""From a minute, for an edge site, to two weeks."""

OF_A_MODEL: Final = ("namespace", "model")
OF_MODELS: Final = (
    ("perigee_model_phase", "1 for the phase that a model is in.", (*OF_A_MODEL, "phase")),
    ("perigee_rollout_step", "Index of the step that a model's rollout is in.", OF_A_MODEL),
    (
        "perigee_rollout_asked_percent",
        "Share of the ground's requests that the candidate is to have.",
        OF_A_MODEL,
    ),
    (
        "perigee_rollout_served_percent",
        "Share of the Pods that serve which are the candidate's.",
        OF_A_MODEL,
    ),
)
"""Series of each model; all but the first while it has a rollout: name, what it is, labels."""


class State(StrEnum):
    """How a rollout stands."""

    UNDER_WAY = "UnderWay"
    """Satellites and time lead it on."""
    STANDING = "Standing"
    """A person, another spec, or its window does."""
    GOING_BACK = "GoingBack"


class RolloutMetrics(Collector):
    """Metrics of rollouts: four series a model at most, and none of a model that is gone.

    Args:
        registry: that they are part of.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._known: dict[str, ModelView] = {}
        self._rollouts = Gauge(
            "perigee_rollouts",
            "Rollouts that have begun, by how they stand.",
            ["state"],
            registry=registry,
        )
        self._waiting = Gauge(
            "perigee_rollouts_waiting",
            "Revisions that are to be introduced and may not be yet, by what they wait for.",
            ["reason"],
            registry=registry,
        )
        self._broken = Gauge(
            "perigee_invariants_broken",
            "Models of which what is planned would break what must hold, by invariant.",
            ["invariant"],
            registry=registry,
        )
        self._ended = Counter(
            "perigee_rollouts_ended_total",
            "Rollouts that are over, by how they ended and why.",
            ["outcome", "reason"],
            registry=registry,
        )
        self._lasted = Histogram(
            "perigee_rollout_seconds",
            "Time from the beginning of a rollout to its end.",
            ["outcome"],
            buckets=LASTED_BUCKETS_S,
            registry=registry,
        )
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """The names of what is collected."""
        return self._families()

    def collect(self) -> Iterable[Metric]:
        """The series of each model, made when asked for: kept, they are as large as its status."""
        phases, *of_rollouts = families = self._families()
        for model in self._known.values():
            of_model, status = (model.namespace, model.name), model.status
            phases.add_metric([*of_model, status.phase.value], 1)
            if status.rollout is not None:
                figures = (status.rollout.step, status.rollout.weight, status.weight)
                for family, figure in zip(of_rollouts, figures, strict=True):
                    family.add_metric(of_model, figure)
        return families

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, ...]:
        return tuple(
            GaugeMetricFamily(name, about, labels=labels) for name, about, labels in OF_MODELS
        )

    def look(self, models: Iterable[ModelView], now: datetime) -> None:
        """The models as they are now."""
        before, self._known = self._known, {model.uid: model for model in models}
        for model in self._known.values():
            known = before.get(model.uid)
            if known is not None and known is not model:
                self._note_end(known, model, now)
        self._count(now)

    def _note_end(self, before: ModelView, model: ModelView, now: datetime) -> None:
        over = ended(before.status, model.status, now)
        if over is not None:
            self._ended.labels(over.outcome.value, over.reason).inc()
            self._lasted.labels(over.outcome.value).observe(over.lasted_s)

    def _count(self, now: datetime) -> None:
        models = self._known.values()
        states = Tally(
            _state(model, rollout, now)
            for model in models
            if (rollout := model.status.rollout) is not None
        )
        for state in State:
            self._rollouts.labels(state.value).set(states[state])
        reasons = Tally(m.status.waiting.reason for m in models if m.status.waiting is not None)
        for reason in WaitReason:
            self._waiting.labels(reason.value).set(reasons[reason])
        broken = Tally(
            condition.reason
            for model in models
            for condition in model.status.conditions
            if condition.type == INVARIANTS_HOLD and condition.status == "False"
        )
        for invariant in Invariant:
            self._broken.labels(invariant.value).set(broken[invariant])


def _state(model: ModelView, rollout: RolloutStatus, now: datetime) -> State:
    if rollout.direct and model.status.stable_revision is not None:
        return State.GOING_BACK
    return State.UNDER_WAY if takes_place(model, now) else State.STANDING
