"""Rollouts that are judged by what satellites report of the requests that they have answered."""

from typing import Any

from perigee_api.served import Counts
from played.field import Field
from played.resources import revision
from played.traffic import Traffic

Json = dict[str, Any]

REQUESTS = 10_000
GOOD = Counts(errors=1, latency={40: REQUESTS - 1})
SLOW = Counts(errors=1, latency={46: REQUESTS - 1})
"""By six buckets: its answers take 68 % longer."""
STEPS: list[Json] = [
    {"wave": {"count": 1}},
    {"weight": 50},
    {"analysis": {"comparison": {}}},
]


async def introduce(field: Field, candidate: Counts) -> None:
    """The first revision has answered for a while, and the second is asked for."""
    traffic = Traffic(field.sky, lambda name: candidate if name == revision("b") else GOOD)
    await field.add_satellites()
    await field.add_model(rollout={"steps": STEPS})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("a"), active=2)
    await field.until(lambda: len([*filter(traffic.has_counted, field.serving())]) == 2)
    await field.ask_for("b")


async def test_a_candidate_that_answers_as_well_is_promoted(field: Field) -> None:
    await introduce(field, GOOD)
    status = await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
    passed = [e["message"] for e in status["history"] if e["reason"] == "StepPassed"][-1]
    for aspect in ("latency", "tail latency", "errors"):
        assert f"Comparison of {aspect} has passed" in passed


async def test_a_candidate_that_is_slower_is_given_up(field: Field) -> None:
    await introduce(field, SLOW)
    status = await field.model_comes_to(phase="Degraded", stable_revision=revision("a"))
    assert status["aborted"]["reason"] == "AnalysisFailed"
    assert "latency has failed" in status["aborted"]["message"]
    await field.until(lambda: len(field.serving(revision("a"))) == 2)
    await field.until(lambda: field.pods(revision("b")) == [])
