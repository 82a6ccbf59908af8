"""What Prometheus is told of rollouts, on a fleet on paper."""

import re
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import START, contact, digest_of, model_body
from paper_fleet.scenes import watched
from paper_fleet.views import model_view
from perigee_api.base import Condition
from perigee_api.inference_model import InferenceModelStatus
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.rollout.invariants import Invariant
from perigee_operator.domain.rollout.watchdog import INVARIANTS_HOLD
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.services.rollout_metrics import RolloutMetrics

STEPS: list[dict[str, Any]] = [
    {"wave": {"count": 1}},
    {"weight": 30},
    {"pause": {}},
]


class Watch:
    """Metrics of a fleet that are told after every sweep."""

    def __init__(self, fleet: PaperFleet) -> None:
        self.fleet = fleet
        self.registry = CollectorRegistry()
        self.metrics = RolloutMetrics(self.registry)
        fleet.observers.append(self.look)

    def look(self, done: str) -> None:
        if done in ("planned", "swept"):
            self.metrics.look(self.fleet.snapshot().models, self.fleet.now)

    def of(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"perigee_{name}", labels)

    def series(self, model: str) -> set[str]:
        """Names of the series of a model."""
        text = generate_latest(self.registry).decode()
        return set(re.findall(rf'^(perigee_\w+){{model="{model}"', text, re.MULTILINE))


@pytest.fixture
def watch() -> Watch:
    """Two models that serve."""
    made = Watch(watched(4))
    made.fleet.ask("m", model_body(artifact_number=1, replicas=4))
    made.fleet.ask("other", model_body(artifact_number=7, replicas=1))
    made.fleet.pass_time(60)
    return made


def of_m(**more: str) -> dict[str, str]:
    return {"namespace": "default", "model": "m", **more}


def test_a_rollout_from_its_beginning_to_its_end(watch: Watch) -> None:
    fleet = watch.fleet
    assert watch.of("rollouts_ended_total", outcome="Promoted", reason="") == 2
    assert watch.of("model_phase", **of_m(phase="Healthy")) == 1
    assert watch.of("rollout_step", **of_m()) is None
    fleet.ask("m", model_body(artifact_number=2, replicas=4, steps=STEPS))
    fleet.sweep()
    assert watch.of("rollouts", state="UnderWay") == 1
    assert watch.of("rollout_step", **of_m()) == 0
    assert watch.of("model_phase", **of_m(phase="Progressing")) == 1
    assert watch.of("model_phase", **of_m(phase="Healthy")) is None
    fleet.pass_time(60)
    assert watch.of("rollout_step", **of_m()) == 2
    assert watch.of("rollout_asked_percent", **of_m()) == 30
    assert watch.of("rollout_served_percent", **of_m()) == 25
    # A person is to say go.
    assert watch.of("rollouts", state="Standing") == 1
    assert watch.of("rollouts", state="UnderWay") == 0
    assert watch.series("m") == {
        "perigee_model_phase",
        "perigee_rollout_step",
        "perigee_rollout_asked_percent",
        "perigee_rollout_served_percent",
    }
    fleet.act(RolloutVerb.RESUME)
    fleet.pass_time(60)
    assert watch.of("rollouts_ended_total", outcome="Promoted", reason="") == 3
    assert watch.of("rollout_seconds_count", outcome="Promoted") == 3
    lasted_s = watch.of("rollout_seconds_sum", outcome="Promoted")
    assert lasted_s is not None
    assert 60 < lasted_s < 300
    assert watch.of("rollouts", state="Standing") == 0
    assert watch.series("m") == {"perigee_model_phase"}


def test_an_abort_a_way_back_and_what_is_superseded(watch: Watch) -> None:
    fleet = watch.fleet
    fleet.files.failing.add(digest_of(2))
    fleet.ask("m", model_body(artifact_number=2, replicas=4))
    fleet.pass_time(40)
    assert watch.of("rollouts_ended_total", outcome="Aborted", reason="GoldenSetFailed") == 1
    fleet.ask("m", model_body(artifact_number=3, replicas=4, steps=STEPS))
    fleet.pass_time(10)
    fleet.ask("m", model_body(artifact_number=4, replicas=4))
    fleet.pass_time(60)
    assert watch.of("rollouts_ended_total", outcome="Superseded", reason="SpecChanged") == 1
    fleet.act(RolloutVerb.ROLL_BACK)
    fleet.sweep()
    assert watch.of("rollouts", state="GoingBack") == 1
    fleet.pass_time(60)
    assert watch.of("rollouts_ended_total", outcome="WentBack", reason="") == 1


def test_what_waits_is_counted_by_what_it_waits_for(watch: Watch) -> None:
    fleet = watch.fleet
    assert watch.of("rollouts_waiting", reason="Predecessor") == 0
    after = {"after": [{"model": "nobody"}]}
    fleet.ask("m", model_body(artifact_number=2, replicas=4, rollout=after))
    barred = {"blackouts": [contact(0, 1000)]}
    fleet.ask("other", model_body(artifact_number=8, replicas=1, rollout=barred))
    fleet.pass_time(5)
    assert watch.of("rollouts_waiting", reason="Predecessor") == 1
    assert watch.of("rollouts_waiting", reason="Held") == 1
    assert watch.of("rollouts", state="UnderWay") == 0


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [("False", "WithinWave", 1), ("True", "Hold", 0), ("False", "what nobody has defined", 0)],
)
def test_models_whose_plan_would_break_what_must_hold_are_counted(
    status: str, reason: str, expected: int
) -> None:
    registry = CollectorRegistry()
    condition = Condition(
        type=INVARIANTS_HOLD, status=status, reason=reason, last_transition_time=START
    )
    model = model_view(status=InferenceModelStatus(conditions=[condition]))
    RolloutMetrics(registry).look([model], START)
    counted = {
        invariant: registry.get_sample_value(
            "perigee_invariants_broken", {"invariant": invariant.value}
        )
        for invariant in Invariant
    }
    assert counted == {i: expected if i.value == reason else 0 for i in Invariant}


def test_a_model_that_is_gone_leaves_no_series(watch: Watch) -> None:
    fleet = watch.fleet
    fleet.ask("m", model_body(artifact_number=2, replicas=4, steps=STEPS))
    fleet.pass_time(30)
    fleet.api.delete(ObjectKey(kinds.INFERENCE_MODEL, "m", "default"))
    fleet.pass_time(5)
    assert watch.series("m") == set()
    assert watch.series("other") == {"perigee_model_phase"}
    # Another of its name begins anew.
    fleet.ask("m", model_body(artifact_number=1, replicas=4))
    fleet.pass_time(5)
    assert "perigee_model_phase" in watch.series("m")
