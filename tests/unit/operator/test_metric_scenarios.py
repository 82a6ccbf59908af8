"""Rollouts that are judged by metrics, on a fleet on paper with the promises watched throughout."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import model_body
from paper_fleet.metrics import DOWN
from paper_fleet.scenes import revision, serving, watched
from perigee_api.analysis import AnalysisMetric
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

ERRORS: dict[str, Any] = {
    "name": "errors",
    "prometheus": {"address": "http://prometheus", "query": "errors"},
    "interval": 10,
    "count": 3,
    "successCondition": "value < 0.05",
}
STEP: dict[str, Any] = {"analysis": {"metrics": [ERRORS]}}
ONE: dict[str, Any] = {"wave": {"count": 1}}
GATE: dict[str, Any] = {"pause": {}}


def asked(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return model_body(artifact_number=2, replicas=2, steps=steps, **more)


def errors(**more: Any) -> dict[str, Any]:
    return {"analysis": {"metrics": [ERRORS | more]}}


@pytest.fixture
def fleet() -> PaperFleet:
    """The first revision serves; no metric has data."""
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    return fleet


def metric(body: dict[str, Any]) -> AnalysisMetric:
    return AnalysisMetric.model_validate(body)


def entry(fleet: PaperFleet) -> dict[str, Any]:
    """What the status keeps of the metric."""
    rollout = fleet.model().rollout
    assert rollout is not None
    (kept,) = rollout.analysis
    return kept.model_dump()


def written(fleet: PaperFleet) -> str:
    """The version of the model: another with each write."""
    item = fleet.api.get(ObjectKey(kinds.INFERENCE_MODEL, "m", "default"))
    assert item is not None
    return str(item["metadata"]["resourceVersion"])


def is_stable(fleet: PaperFleet, number: int) -> bool:
    return fleet.model().stable_revision == revision(fleet, number)


def test_good_candidate_passes_and_it_is_told_why(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    fleet.ask("m", asked(ONE, STEP))
    fleet.pass_time(120)
    assert is_stable(fleet, 2)
    assert fleet.model().rollout is None
    passed = [e.message for e in fleet.model().history if e.reason == "StepPassed"][-1]
    assert "Metric errors has passed" in passed
    assert "measurements 3, last value 0.01" in passed


def test_nothing_is_asked_before_the_candidate_is_verified(fleet: PaperFleet) -> None:
    fleet.ask("m", asked(STEP))
    fleet.pass_time(5)
    assert fleet.metrics.asked == []
    fleet.pass_time(60)
    moments = [moment for moment, _ in fleet.metrics.asked]
    rollout = fleet.model().rollout
    assert rollout is not None
    assert (moments[0] - rollout.started).total_seconds() >= 5
    assert {(b - a).total_seconds() for a, b in pairwise(moments)} == {10}


def test_bad_candidate_is_given_up_with_an_explanation(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.2]
    fleet.ask("m", asked(ONE, errors(failureLimit=1)))
    fleet.pass_time(120)
    status = fleet.model()
    assert (status.phase, status.aborted and status.aborted.reason) == (
        ModelPhase.DEGRADED,
        "AnalysisFailed",
    )
    assert status.aborted is not None
    words = (
        "Metric errors has failed: more failures than failureLimit allows, by successCondition "
        "value < 0.05 (failures 2, failureLimit 1, measurements 2, last value 0.2), since 2026-03"
    )
    assert words in status.aborted.message
    assert words in status.history[-1].message
    assert words in fleet.api.announced[-1].note
    assert status.history[-1].reason == "RolloutAborted"
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


def test_one_sample_that_fails_is_enough(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01, float("nan"), 0.2]
    fleet.ask("m", asked(ONE, STEP))
    fleet.pass_time(60)
    aborted = fleet.model().aborted
    assert aborted is not None
    assert "last value 0.2" in aborted.message


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        ([], "NoData", "Metric errors has no data"),
        ([float("nan")], "NoData", "Metric errors has no data"),
        (DOWN, "SourceDown", "its source does not answer: connection refused"),
    ],
)
def test_no_answer_holds_and_goes_on_once_there_is_one(
    fleet: PaperFleet, answer: list[float] | None, verdict: str, words: str
) -> None:
    fleet.metrics.answers["errors"] = answer
    fleet.ask("m", asked(ONE, STEP))
    fleet.pass_time(200)
    assert fleet.model().phase is ModelPhase.WAITING
    assert words in fleet.model().message
    assert entry(fleet)["verdict"] == verdict
    fleet.metrics.answers["errors"] = [0.01]
    fleet.pass_time(120)
    assert is_stable(fleet, 2)


@pytest.mark.parametrize(("action", "number"), [("Abort", 1), ("Continue", 2)])
def test_no_answer_may_abort_or_go_on_after_a_while(
    fleet: PaperFleet, action: str, number: int
) -> None:
    fleet.ask("m", asked(ONE, errors(onNoData={"action": action, "after": 90})))
    fleet.pass_time(60)
    assert fleet.model().phase is ModelPhase.WAITING
    fleet.pass_time(120)
    assert is_stable(fleet, number)
    assert fleet.model().phase is (ModelPhase.DEGRADED if number == 1 else ModelPhase.HEALTHY)


def test_what_has_passed_can_still_fail_while_a_later_step_waits(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    fleet.ask("m", asked(ONE, STEP, GATE))
    fleet.pass_time(120)
    assert "until somebody asks for Resume" in fleet.model().message
    fleet.metrics.answers["errors"] = DOWN
    fleet.pass_time(120)
    assert fleet.model().aborted is None, "a source that is down says nothing"
    fleet.metrics.answers["errors"] = [0.2]
    fleet.pass_time(20)
    aborted = fleet.model().aborted
    assert aborted is not None
    assert aborted.reason == "AnalysisFailed"


def test_what_a_person_holds_is_watched_too(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    fleet.ask("m", asked(ONE, STEP, GATE))
    fleet.pass_time(120)
    fleet.act(RolloutVerb.PAUSE)
    fleet.pass_time(20)
    assert fleet.model().phase is ModelPhase.PAUSED
    fleet.metrics.answers["errors"] = [0.2]
    fleet.pass_time(20)
    assert fleet.model().aborted is not None


def test_a_restart_goes_on_from_what_was_written(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.2]
    fleet.ask("m", asked(ONE, errors(failureLimit=3, count=100)))
    fleet.pass_time(40)
    before = entry(fleet)
    assert 1 <= before["failures"] <= 3
    fleet.restart()
    fleet.metrics.answers["errors"] = [0.01]
    fleet.pass_time(5)
    assert entry(fleet)["failures"] == before["failures"], "failures are not forgiven"
    assert entry(fleet)["started"] == before["started"]
    fleet.metrics.answers["errors"] = [0.2]
    fleet.pass_time(10 * (4 - before["failures"]) + 10)
    aborted = fleet.model().aborted
    assert aborted is not None
    assert "failures 4, failureLimit 3" in aborted.message


def test_a_restart_between_any_two_measurements_ends_alike(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    fleet.ask("m", asked(ONE, STEP))
    for _ in range(24):
        fleet.pass_time(15)
        fleet.restart()
    assert is_stable(fleet, 2)


def test_measurements_that_change_nothing_are_written_once_a_minute(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    fleet.ask("m", asked(ONE, errors(interval=5, count=1000)))
    fleet.pass_time(60)
    versions = set()
    for _ in range(60):
        fleet.pass_time(5)
        versions.add(written(fleet))
    assert len(fleet.metrics.asked) > 60
    assert len(versions) <= 6
    assert entry(fleet)["successes"] > 50


def test_a_metric_that_is_changed_on_the_way_is_measured_anew(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.2]
    fleet.ask("m", asked(ONE, errors(failureLimit=50, count=100)))
    fleet.pass_time(60)
    assert entry(fleet)["failures"] > 1
    fleet.ask("m", asked(ONE, errors(failureLimit=1, successCondition="value < 0.5")))
    fleet.pass_time(15)
    kept = entry(fleet)
    assert (kept["failures"], kept["successes"]) == (0, 1)
    fleet.pass_time(60)
    assert is_stable(fleet, 2)


def test_an_aborted_rollout_that_is_tried_again_is_measured_anew(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.2]
    fleet.ask("m", asked(ONE, STEP))
    fleet.pass_time(60)
    assert fleet.model().aborted is not None
    fleet.metrics.answers["errors"] = [0.01]
    fleet.act(RolloutVerb.RETRY)
    fleet.pass_time(120)
    assert is_stable(fleet, 2)


def test_queries_name_model_and_revisions(fleet: PaperFleet) -> None:
    source = {"address": "http://prometheus", "query": "$(namespace)/$(model)/$(candidate)"}
    source["query"] += "-$(stable)$"
    fleet.ask("m", asked(ONE, errors(prometheus=source)))
    fleet.pass_time(60)
    first, second = revision(fleet, 1), revision(fleet, 2)
    assert {query for _, query in fleet.metrics.asked} == {f"default/m/{second}-{first}$"}


def test_a_condition_that_makes_no_sense_changes_nothing(fleet: PaperFleet) -> None:
    fleet.ask("m", asked(ONE, errors(successCondition="value < 1 || value > x")))
    fleet.pass_time(60)
    status = fleet.model()
    valid = next(c for c in status.conditions if c.type == "SpecValid")
    assert valid.status == "False"
    assert "rollout.steps.1.analysis.metrics.0" in valid.message
    assert "'value > x' at character 13" in valid.message
    assert is_stable(fleet, 1)
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


def test_a_measurement_makes_no_other_model_new(fleet: PaperFleet) -> None:
    fleet.ask("other", model_body(replicas=1, artifact_number=3))
    fleet.ask("m", asked(ONE, errors(count=1000)))
    fleet.metrics.answers["errors"] = [0.01]
    fleet.pass_time(90)
    before = fleet.snapshot().models
    fleet.now += timedelta(seconds=20)
    fleet.metrics.measure()
    after = fleet.snapshot().models
    assert after[0].measured != before[0].measured
    assert after[1] is before[1]


POLICY = ObjectKey(kinds.ROLLOUT_POLICY, "careful")


def follow(fleet: PaperFleet, *steps: dict[str, Any]) -> None:
    """The second revision is introduced as a policy says."""
    fleet.api.create(POLICY, {"spec": {"steps": list(steps)}})
    body = model_body(artifact_number=2, replicas=2)
    fleet.ask("m", body | {"rollout": {"policy": "careful"}})


def test_metrics_of_a_policy_are_measured(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.2]
    follow(fleet, ONE, STEP)
    fleet.pass_time(90)
    aborted = fleet.model().aborted
    assert aborted is not None
    assert aborted.reason == "AnalysisFailed"


def test_a_policy_that_is_away_for_a_while_forgets_nothing(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    follow(fleet, ONE, STEP, GATE)
    fleet.pass_time(120)
    before = entry(fleet)
    item = fleet.api.get(POLICY)
    assert item is not None
    fleet.api.remove(POLICY)
    fleet.pass_time(30)
    assert "there is no RolloutPolicy careful" in fleet.model().message
    assert entry(fleet) == before
    fleet.api.create(POLICY, {"spec": item["spec"]})
    fleet.pass_time(30)
    assert entry(fleet)["started"] == before["started"]
    fleet.metrics.answers["errors"] = [0.2]
    fleet.pass_time(30)
    assert fleet.model().aborted is not None


def take_away(fleet: PaperFleet) -> None:
    fleet.api.remove(POLICY)


def spoil(fleet: PaperFleet) -> None:
    fleet.set_policy("careful", {"deadline": -1})


@pytest.mark.parametrize("steps", [(ONE, STEP, GATE), (ONE, errors(count=1000))], ids=str)
@pytest.mark.parametrize("harm", [take_away, spoil])
def test_metrics_are_watched_on_without_their_policy(
    fleet: PaperFleet, steps: Sequence[dict[str, Any]], harm: Callable[[PaperFleet], None]
) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    follow(fleet, *steps)
    fleet.pass_time(120)
    step = fleet.model().rollout
    harm(fleet)
    fleet.pass_time(100)
    fleet.restart()
    fleet.pass_time(100)
    rollout = fleet.model().rollout
    assert rollout is not None
    assert step is not None
    assert rollout.step == step.step, "good values lead no further"
    fleet.metrics.answers["errors"] = [0.2]
    fleet.pass_time(20)
    aborted = fleet.model().aborted
    assert aborted is not None
    assert aborted.reason == "AnalysisFailed"
    assert "last value 0.2" in aborted.message
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


def test_no_metric_begins_without_its_policy(fleet: PaperFleet) -> None:
    fleet.metrics.answers["errors"] = [0.01]
    follow(fleet, ONE, STEP, GATE, errors(interval=7))
    fleet.pass_time(120)
    take_away(fleet)
    fleet.pass_time(10)
    fleet.act(RolloutVerb.RESUME)
    fleet.pass_time(60)
    assert entry(fleet)["step"] == 1
    follow(fleet, ONE, STEP, GATE, errors(interval=7))
    fleet.act(RolloutVerb.RESUME)
    fleet.pass_time(10)
    rollout = fleet.model().rollout
    assert rollout is not None
    assert [kept.step for kept in rollout.analysis] == [1, 3]


def test_what_is_measured_is_written_down_where_a_policy_says_it(fleet: PaperFleet) -> None:
    follow(fleet, ONE, STEP)
    fleet.pass_time(60)
    assert AnalysisMetric.model_validate_json(entry(fleet)["terms"]) == metric(ERRORS)
    fleet.ask("m", asked(ONE, STEP))
    fleet.pass_time(10)
    assert entry(fleet)["terms"] == "", "the model says it itself"


def test_a_policy_whose_metrics_make_no_sense_holds(fleet: PaperFleet) -> None:
    follow(fleet, ONE, errors(failureCondition="value > 1e999"))
    fleet.pass_time(60)
    resolved = next(c for c in fleet.model().conditions if c.type == "PolicyResolved")
    assert resolved.status == "False"
    assert "steps.1.analysis.metrics.0: condition 'value > 1e999'" in resolved.message
    assert is_stable(fleet, 1)
