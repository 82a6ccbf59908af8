import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import at
from perigee_api.analysis import MetricStatus
from perigee_api.comparison import ComparisonStatus
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


def test_a_comparison_is_shown_beneath_its_step() -> None:
    steps = [{"analysis": {"comparison": {}}}, {"pause": {}}]
    compared = ComparisonStatus(
        step=0,
        definition="01234567",
        terms="{}",
        started=at(0),
        verdict="Inconclusive",
        blocks=12,
        requests=3400,
        errors=5,
    )
    rollout = RolloutStatus(candidate="b", started=at(0), step_started=at(0), comparison=compared)
    status = InferenceModelStatus(stable_revision="a", rollout=rollout)
    lines = rollout_text("m", model_spec(steps=steps), status).splitlines()
    first = lines.index("  ▶ 1. analysis: comparison")
    assert lines[first + 1] == (
        "       comparison: Inconclusive (blocks 12, requests 3400, errors 5)"
    )


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


@pytest.mark.parametrize(
    ("reason", "place", "shown"),
    [(WaitReason.PREDECESSOR, None, "Predecessor"), (WaitReason.PLACE, 2, "Place 2")],
)
def test_a_revision_that_waits_is_shown_with_why_and_since_when(
    reason: WaitReason, place: int | None, shown: str
) -> None:
    waiting = WaitingRevision(revision="b", reason=reason, since=at(60), place=place)
    status = InferenceModelStatus(stable_revision="a", waiting=waiting)
    text = rollout_text("m", model_spec(), status)
    assert f"  waiting    b ({shown}) since 2026-03-01 12:01:00\n" in f"{text}\n"
