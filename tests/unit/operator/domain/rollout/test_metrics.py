from typing import Any

import pytest

from paper_fleet.intents import model_spec
from perigee_api.analysis import AnalysisMetric, PrometheusQuery
from perigee_operator.domain.analysis.verdict import Policy, Reaction
from perigee_operator.domain.rollout.metrics import (
    defined,
    metric_of,
    metrics_fault,
    metrics_of,
    query_of,
)

MEANT = {"model": "m", "namespace": "space", "candidate": "bbbbbbbb", "stable": "aaaaaaaa"}


def body(**more: Any) -> dict[str, Any]:
    source = {"address": "http://prometheus", "query": more.pop("query", "up")}
    return {"name": "n", "prometheus": source, "successCondition": "value < 1", **more}


def written(**more: Any) -> AnalysisMetric:
    return AnalysisMetric.model_validate(body(**more))


def test_what_is_not_written_holds() -> None:
    metric = metric_of(written())
    assert (metric.enough, metric.failure_limit, metric.inconclusive_limit) == (1, 0, 0)
    assert metric.policies.no_data.reaction is Reaction.HOLD
    assert metric.policies.source_down.reaction is Reaction.HOLD


def test_all_that_is_written_is_read() -> None:
    metric = metric_of(
        written(
            interval=30,
            count=5,
            failureCondition="value > 2",
            failureLimit=-1,
            inconclusiveLimit=3,
            consecutiveSuccessLimit=4,
            onNoData={"action": "Continue", "after": 60},
            onSourceDown={"action": "Abort", "after": 600},
            onInconclusive={"action": "Continue"},
        )
    )
    assert (metric.interval_s, metric.count, metric.consecutive_success_limit) == (30, 5, 4)
    assert (metric.failure_limit, metric.inconclusive_limit) == (None, 3)
    assert (str(metric.success), str(metric.failure)) == ("value < 1.0", "value > 2.0")
    assert metric.policies.no_data == Policy(Reaction.CONTINUE, 60)
    assert metric.policies.source_down == Policy(Reaction.ABORT, 600)
    assert metric.policies.inconclusive == Policy(Reaction.CONTINUE)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("up", "up"),
        ('e{model="$(model)"}', 'e{model="m"}'),
        ("$(namespace)$(candidate)/$(stable)", "spacebbbbbbbb/aaaaaaaa"),
        ('x=~"a$"', 'x=~"a$"'),
        ('x=~"(a$|b)"', 'x=~"(a$|b)"'),
    ],
)
def test_placeholders_are_filled_in(query: str, asked: str) -> None:
    assert query_of(PrometheusQuery(address="http://prometheus", query=query), MEANT) == asked


@pytest.mark.parametrize(
    ("metric", "fault"),
    [
        ({}, None),
        ({"query": "a$(revision)"}, "query: '$(revision)' at character 2 stands for nothing"),
        ({"query": "$(model"}, "query: '$(model' at character 1 stands for nothing"),
        ({"query": "$()"}, "query: '$()' at character 1 stands for nothing"),
        ({"successCondition": "value <"}, "'value <' at character 1 is no comparison"),
        ({"successCondition": "value < 1e999"}, "'value < 1e999' at character 1"),
        ({"failureCondition": "value > 1 && 2"}, "'2' at character 13"),
        ({"count": 2}, "metric n: interval must be given for 2 measurements"),
        ({"consecutiveSuccessLimit": 2}, "metric n: consecutiveSuccessLimit 2 cannot be reached"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(
    metric: dict[str, Any], fault: str | None
) -> None:
    steps = [{"wave": {"count": 1}}, {"analysis": {"metrics": [body(name="ok"), body(**metric)]}}]
    found = metrics_fault(model_spec(steps=steps).rollout.steps)
    if fault is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith("steps.1.analysis.metrics.1: ")
        assert fault in found


def test_a_metric_is_another_once_it_is_measured_otherwise() -> None:
    assert defined(written()) == defined(written(failureLimit=0))
    others = [
        written(failureLimit=1),
        written(query="down"),
        written(successCondition="value < 2"),
        written(onNoData={"action": "Abort"}),
    ]
    assert len({defined(each).digest for each in [written(), *others]}) == 5


def test_only_analyses_have_metrics() -> None:
    steps = model_spec(
        steps=[{"weight": 1}, {"analysis": {"golden": {}}}, {"analysis": {"metrics": [body()]}}],
        golden={"uri": "http://depot/g", "sha256": "0" * 64, "size": 1},
    ).rollout.steps
    assert [len(metrics_of(step)) for step in steps] == [0, 0, 1]
