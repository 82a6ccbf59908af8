from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import at
from perigee_api.analysis import AnalysisMetric, MetricStatus
from perigee_api.inference_model import RolloutStatus, Step
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Record, measured, source_down
from perigee_operator.domain.rollout.analysis import (
    failed,
    findings,
    kept_up,
    metrics_verdict,
    watched_on,
)
from perigee_operator.domain.rollout.evidence import Evidence
from perigee_operator.domain.rollout.metric_status import key_of, record_of
from perigee_operator.domain.rollout.metrics import defined, metric_of, metrics_of
from perigee_operator.domain.rollout.progress import StepVerdict
from perigee_operator.domain.rollout.wave import Stage

VALUES = {"p": 0.5, "f": 1.5, "n": None}
INTERVAL_S = 10


def analysis(*names: str, **more: Any) -> dict[str, Any]:
    metrics = [
        {
            "name": name,
            "prometheus": {"address": "http://prometheus", "query": name},
            "interval": INTERVAL_S,
            "count": 2,
            "successCondition": "value < 1",
            **more,
        }
        for name in names
    ]
    return {"analysis": {"metrics": metrics}}


def steps_of(*steps: dict[str, Any]) -> tuple[Step, ...]:
    return tuple(model_spec(steps=steps).rollout.steps)


STEPS = steps_of(analysis("a", "b"), {"pause": {}}, analysis("a"))


def begun(stage: Stage, *, status: RolloutStatus | None = None, **more: Any) -> RolloutStatus:
    """The status of a rollout whose metrics are measured from `START` on."""
    status = status or RolloutStatus(candidate="b", started=at(0), step_started=at(0))
    return kept_up(status, stage, {}, **{"ready": True, "now": at(0), **more})


def looked(stage: Stage, status: RolloutStatus, **results: str) -> RolloutStatus:
    """The status after measurements of the stage's metrics; a letter each, d: it is down."""
    fresh: dict[MetricKey, Record] = {}
    written = {
        (index, each.name): metric_of(each)
        for index, step in enumerate(stage.steps)
        for each in metrics_of(step)
    }
    for kept in status.analysis:
        metric, record = written[kept.step, kept.name], record_of(kept)
        for number, letter in enumerate(results.get(kept.name, ""), 1):
            moment = at(INTERVAL_S * number)
            look = (
                source_down(moment) if letter == "d" else measured(metric, VALUES[letter], moment)
            )
            record = record.after(metric, look)
        fresh[key_of(kept)] = record
    return kept_up(status, stage, fresh, ready=True, now=at(100))


def evidence(status: RolloutStatus, stage: Stage, moment: float) -> Evidence | None:
    return failed(findings(status, stage, at(moment)), stage)


def verdict(status: RolloutStatus, stage: Stage, moment: float) -> StepVerdict | None:
    return metrics_verdict(findings(status, stage, at(moment)), stage)


def kept_names(status: RolloutStatus) -> list[tuple[int, str]]:
    return [(kept.step, kept.name) for kept in status.analysis]


def test_metrics_begin_with_their_step_and_stay() -> None:
    assert begun(Stage(STEPS, 0), ready=False).analysis == []
    first = begun(Stage(STEPS, 0))
    assert kept_names(first) == [(0, "a"), (0, "b")]
    assert begun(Stage(STEPS, 0), status=first, now=at(9)) is first
    assert kept_names(begun(Stage(STEPS, 1), status=first)) == [(0, "a"), (0, "b")]
    last = begun(Stage(STEPS, 2), status=first, now=at(9))
    assert kept_names(last) == [(0, "a"), (0, "b"), (2, "a")]
    assert [kept.started for kept in last.analysis] == [at(0), at(0), at(9)]
    assert begun(Stage(STEPS, 3), status=last, ready=False) is last


def test_metrics_of_steps_that_were_leapt_over_never_begin() -> None:
    assert begun(Stage(STEPS, 1)).analysis == []
    assert begun(Stage(STEPS, 3)).analysis == []


def test_a_metric_that_is_no_more_is_dropped_and_one_that_is_changed_begins_anew() -> None:
    first = looked(Stage(STEPS, 0), begun(Stage(STEPS, 0)), a="pp", b="p")
    fewer = steps_of(analysis("b"), {"pause": {}})
    assert kept_names(begun(Stage(fewer, 1), status=first)) == [(0, "b")]
    changed = Stage(steps_of(analysis("a", failureLimit=1), {"pause": {}}), 1)
    waiting = begun(changed, status=first, ready=False)
    assert waiting.analysis == [first.analysis[0]], "until the wave is verified again"
    assert evidence(waiting, changed, 100) is None
    (kept,) = begun(changed, status=waiting, now=at(50)).analysis
    assert (kept.successes, kept.started) == (0, at(50))


@pytest.mark.parametrize(
    ("results", "passed", "stands_still", "words"),
    [
        ({}, False, False, "Metric a is being measured"),
        ({"a": "pp"}, False, False, "Metric b is being measured"),
        ({"a": "pp", "b": "pp"}, True, False, "Metric b has passed"),
        ({"a": "pp", "b": "ppp"}, True, False, "measurements 3"),
        ({"a": "pp", "b": "n"}, False, True, "Metric b has no data"),
        ({"a": "d", "b": "n"}, False, True, "Metric a cannot be measured"),
        ({"a": "d", "b": "p"}, False, False, "Metric b is being measured"),
    ],
)
def test_all_metrics_of_a_step_have_to_pass(
    *, results: dict[str, str], passed: bool, stands_still: bool, words: str
) -> None:
    stage = Stage(STEPS, 0)
    status = looked(stage, begun(stage), **results)
    found = verdict(status, stage, 100)
    assert found is not None
    assert (found.passed, found.stands_still) == (passed, stands_still)
    assert words in found.message
    assert not found.message.endswith(".")
    assert evidence(status, stage, 100) is None


def test_a_step_without_metrics_has_no_verdict_by_them() -> None:
    assert verdict(begun(Stage(STEPS, 0)), Stage(STEPS, 1), 0) is None
    assert verdict(begun(Stage(STEPS, 0)), Stage(STEPS, 3), 0) is None


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_failure_counts_whichever_step_is_under_way(index: int) -> None:
    status = begun(Stage(STEPS, 0))
    stage = Stage(STEPS, index)
    against = evidence(looked(stage, status, a="ppf", b="pp"), stage, 100)
    assert against is not None
    assert against.reason == "AnalysisFailed"
    assert against.message.startswith("Metric a has failed: ")
    assert "Metric b" not in against.message


@pytest.mark.parametrize(("index", "aborts"), [(0, True), (1, False), (3, False)])
def test_silence_counts_for_the_step_under_way_alone(*, index: int, aborts: bool) -> None:
    steps = steps_of(
        analysis("a", onNoData={"action": "Abort", "after": 60}), {"pause": {}}, {"weight": 1}
    )
    stage = Stage(steps, index)
    status = looked(stage, begun(Stage(steps, 0)), a="n")
    assert evidence(status, stage, 69) is None
    assert (evidence(status, stage, 70) is not None) is aborts


def test_the_next_look_is_when_something_else_follows() -> None:
    steps = steps_of(analysis("a", onNoData={"action": "Continue", "after": 60}))
    stage = Stage(steps, 0)
    status = looked(stage, begun(stage), a="n")
    waiting = verdict(status, stage, 30)
    assert waiting is not None
    assert (waiting.passed, waiting.next_change_s) == (False, 40)
    over = verdict(status, stage, 70)
    assert over is not None
    assert over.passed


def test_without_their_steps_metrics_are_watched_on_and_none_begins_or_ends() -> None:
    metrics = (
        AnalysisMetric.model_validate(each) for each in analysis("a", "b")["analysis"]["metrics"]
    )
    a, b = map(defined, metrics)
    status = begun(Stage(STEPS, 0))
    fresh = {
        key_of(kept): record_of(kept).after(a.metric, measured(a.metric, 1.5, at(10)))
        for kept in status.analysis
    }
    nothing_known = Stage(steps_of({"pause": {}}), 0)
    assert watched_on(status, nothing_known, fresh) is status
    one_known = Stage(steps_of(analysis("b"), {"pause": {}}), 1)
    found = watched_on(status, one_known, fresh)
    assert [(kept.name, kept.failures) for kept in found.analysis] == [("a", 0), ("b", 1)]
    assert found.analysis[0] == status.analysis[0]
    assert found.analysis[1].definition == b.digest
    against = evidence(found, one_known, 10)
    assert against is not None
    assert against.message.startswith("Metric b has failed: ")
    more_known = Stage(steps_of(analysis("a", "b", "c")), 0)
    assert kept_names(watched_on(status, more_known, {})) == [(0, "a"), (0, "b")]


def test_the_terms_of_a_policy_s_metrics_are_kept_for_as_long_as_they_are_the_policy_s() -> None:
    stage = Stage(STEPS, 0)
    kept = begun(stage, by_policy=True)
    terms = [defined(each).terms for each in metrics_of(STEPS[0])]
    assert [each.terms for each in kept.analysis] == terms
    assert begun(stage, status=kept, by_policy=True) is kept
    assert begun(stage, status=kept) == begun(stage)
    assert begun(stage, status=begun(stage), by_policy=True) == kept
    measured_on = {key_of(each): record_of(each) for each in kept.analysis}
    assert [each.terms for each in watched_on(kept, stage, measured_on).analysis] == terms


def test_what_is_kept_is_small() -> None:
    stage = Stage(STEPS, 0)
    status = looked(stage, begun(stage), a="pnd", b="ppp")
    kept: MetricStatus = status.analysis[0]
    assert len(kept.model_dump_json(by_alias=True, exclude_none=True)) < 400
