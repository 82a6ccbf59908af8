"""What is to be asked of whom about a model's candidate."""

from dataclasses import dataclass

from perigee_api.analysis import AnalysisMetric
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Record
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.measuring_job import JobOrder, job_order
from perigee_operator.domain.rollout.metric_status import key_of, record_of
from perigee_operator.domain.rollout.metrics import defined, metrics_of, query_of
from perigee_operator.domain.rollout.terms import terms_of


@dataclass(frozen=True, slots=True)
class Query:
    """A query to a Prometheus server."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A value that somebody is asked for, again and again."""

    key: MetricKey
    metric: Metric
    source: Query | JobOrder
    kept: Record
    """What the model's status says was measured."""


def questions(model: ModelView) -> tuple[Question, ...]:
    """What is to be asked for a model now: its status says which metrics are measured."""
    rollout = model.status.rollout
    if rollout is None or not rollout.analysis or model.spec is None or model.deleting:
        return ()
    written = {
        (index, metric.name): metric
        for index, step in enumerate(terms_of(model, model.spec).spec.rollout.steps)
        for metric in metrics_of(step)
    }
    found = []
    for kept in rollout.analysis:
        asked = written.get((kept.step, kept.name))
        if asked is not None and (of := defined(asked)).digest == kept.definition:
            key = key_of(kept)
            source = _source(asked, key, model, rollout.candidate)
            found.append(Question(key, of.metric, source, record_of(kept)))
    return tuple(found)


def _source(
    asked: AnalysisMetric, key: MetricKey, model: ModelView, candidate: str
) -> Query | JobOrder:
    meant = {
        "model": model.name,
        "namespace": model.namespace,
        "candidate": candidate,
        "stable": model.status.stable_revision or "",
    }
    if asked.prometheus is not None:
        return Query(asked.prometheus.address, query_of(asked.prometheus, meant))
    if asked.job is not None:
        return job_order(asked.job, key, model, meant)
    raise AssertionError("a metric without a source is not defined")
