from paper_fleet.intents import model_spec
from paper_fleet.views import at
from perigee_api.analysis import MetricStatus
from perigee_api.inference_model import (
    InferenceModelStatus,
    RolloutStatus,
    WaitingRevision,
    WaitReason,
)
from perigee_operator.commands.rollout_table import rollout_text

GOLDEN = {"uri": "http://depot/g", "sha256": "0" * 64, "size": 1}
ERRORS = {
    "name": "errors",
    "prometheus": {"address": "http://prometheus", "query": "errors"},
    "successCondition": "value < 1",
}


def test_metrics_are_shown_beneath_their_step() -> None:
    steps = [{"analysis": {"golden": {}, "metrics": [ERRORS]}}, {"pause": {}}]
    measured = [
        MetricStatus(
            step=0,
            name="errors",
            definition="01234567",
            started=at(0),
            verdict="Pass",
            successes=3,
            last_value="0.01234567",
        )
    ]
    rollout = RolloutStatus(
        candidate="b", step=1, started=at(0), step_started=at(0), analysis=measured
    )
    status = InferenceModelStatus(stable_revision="a", rollout=rollout)
    lines = rollout_text("m", model_spec(steps=steps, golden=GOLDEN), status).splitlines()
    first = lines.index("  ✔ 1. analysis: golden, errors")
    assert lines[first + 1 :] == [
        "       errors: Pass (successes 3, failures 0, last value 0.01235)",
        "  ▶ 2. pause: until somebody says go",
    ]


def test_a_revision_that_waits_is_shown_with_why_and_since_when() -> None:
    waiting = WaitingRevision(revision="b", reason=WaitReason.PREDECESSOR, since=at(60))
    status = InferenceModelStatus(stable_revision="a", waiting=waiting)
    assert "  waiting    b (Predecessor) since 2026-03-01 12:01:00" in rollout_text(
        "m", model_spec(), status
    )
