"""Metrics as steps of a rollout write them, and as they are judged."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from perigee_api.analysis import (
    NO_LIMIT,
    PLACEHOLDERS,
    AnalysisMetric,
    MetricStatus,
    MissingAnswerAction,
    MissingAnswerPolicy,
    PrometheusQuery,
)
from perigee_api.inference_model import Step
from perigee_operator.domain.analysis.expression import Expression, parsed
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.verdict import Policies, Policy, Reaction
from perigee_operator.domain.rollout.revision import digest

_PLACEHOLDER: Final = re.compile(r"\$\(([^)]*)\)?")

REMEMBERED: Final = 4096
"""Metrics that need not be read anew with every look."""

_REACTIONS: Final = {
    MissingAnswerAction.HOLD: Reaction.HOLD,
    MissingAnswerAction.ABORT: Reaction.ABORT,
    MissingAnswerAction.CONTINUE: Reaction.CONTINUE,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric, read."""

    name: str
    digest: str
    """Of how it is measured: another metric has another one."""
    metric: Metric
    terms: str
    """The metric as JSON."""


@lru_cache(maxsize=REMEMBERED)
def defined(written: AnalysisMetric) -> Definition:
    """A metric as it is measured and judged.

    Raises:
        ValueError: it could never be judged so.
    """
    body = written.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    terms = json.dumps(body, ensure_ascii=False)
    return Definition(written.name, digest(body), metric_of(written), terms)


def recalled(kept: MetricStatus) -> AnalysisMetric | None:
    """The metric as a rollout's status has kept it; None where nothing is kept that it is by."""
    metric = _parsed(kept.terms)
    return metric if metric is not None and defined(metric).digest == kept.definition else None


@lru_cache(maxsize=REMEMBERED)
def _parsed(terms: str) -> AnalysisMetric | None:
    try:
        metric = AnalysisMetric.model_validate_json(terms)
        defined(metric)
    except ValueError:
        return None
    return metric


def metrics_of(step: Step) -> tuple[AnalysisMetric, ...]:
    """The metrics that a step analyses."""
    return tuple((step.analysis.metrics or ()) if step.analysis else ())


def metric_of(written: AnalysisMetric) -> Metric:
    """A metric as it is judged.

    Raises:
        ValueError: it could never be judged so.
    """
    if (written.prometheus is None) is (written.job is None):
        raise ValueError(f"metric {written.name}: exactly one of prometheus and job must be given")
    return Metric(
        name=written.name,
        success=_expression(written.success_condition),
        failure=_expression(written.failure_condition),
        interval_s=written.interval,
        count=written.count,
        failure_limit=_limit(written.failure_limit),
        inconclusive_limit=_limit(written.inconclusive_limit),
        consecutive_success_limit=written.consecutive_success_limit,
        policies=Policies(
            no_data=policy_of(written.on_no_data),
            source_down=policy_of(written.on_source_down),
            inconclusive=policy_of(written.on_inconclusive),
        ),
        by_exit_status=written.job is not None,
    )


def query_of(asked: PrometheusQuery, meant: dict[str, str]) -> str:
    """The query with its placeholders filled in.

    Args:
        asked: as a metric has it.
        meant: what each placeholder stands for; names of Kubernetes, which nothing has to be
            escaped in.

    Raises:
        ValueError: it has another one.
    """

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        if name not in PLACEHOLDERS or not found[0].endswith(")"):
            raise ValueError(
                f"query: {found[0]!r} at character {found.start() + 1} stands for nothing; "
                f"$(...) may hold {', '.join(PLACEHOLDERS)}"
            )
        return meant[name]

    return _PLACEHOLDER.sub(filled, asked.query)


def metrics_fault(steps: Iterable[Step]) -> str | None:
    """What makes no sense about the metrics of steps, with the field; None where all do.

    The API server refuses most of it already.
    """
    return next(_faults(steps), None)


def _faults(steps: Iterable[Step]) -> Iterator[str]:
    anything = dict.fromkeys(PLACEHOLDERS, "")
    for index, step in enumerate(steps):
        for number, written in enumerate(metrics_of(step)):
            try:
                metric_of(written)
                if written.prometheus is not None:
                    query_of(written.prometheus, anything)
            except ValueError as error:
                yield f"steps.{index}.analysis.metrics.{number}: {error}"


def _expression(text: str | None) -> Expression | None:
    return None if text is None else parsed(text)


def _limit(written: int) -> int | None:
    return None if written == NO_LIMIT else written


def policy_of(written: MissingAnswerPolicy) -> Policy:
    """What is done where there is no answer."""
    return Policy(_REACTIONS[written.action], written.after)
