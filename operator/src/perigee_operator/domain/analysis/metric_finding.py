"""What was found of a metric, in words and figures."""

from datetime import datetime
from typing import Final

from perigee_operator.domain.analysis.explanation import Explanation, Figure
from perigee_operator.domain.analysis.finding import Finding
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.record import Record, Result, exceeded, verdict
from perigee_operator.domain.analysis.verdict import Verdict

_RULES: Final = {
    Verdict.PASS: "its values are as they should be",
    Verdict.NO_DATA: "its source has no value",
    Verdict.SOURCE_DOWN: "its source does not answer",
    Verdict.RUNNING: "more measurements are needed",
}

_VERDICTS: Final = {
    Result.FAIL: Verdict.FAIL,
    Result.NO_DATA: Verdict.NO_DATA,
    Result.SOURCE_DOWN: Verdict.SOURCE_DOWN,
}
"""Which verdict the last measurement may explain."""


def metric_finding(metric: Metric, record: Record, now: datetime) -> Finding:
    """What was found of a metric, and what follows."""
    found = verdict(metric, record)
    rule, figures = _why(metric, record, found)
    last = () if record.last_value is None else (Figure("last value", record.last_value),)
    since = record.since or record.started
    explanation = Explanation(f"Metric {metric.name}", found, rule, (*figures, *last), since)
    return Finding.by(metric.policies, explanation, since, now)


def _why(metric: Metric, record: Record, found: Verdict) -> tuple[str, tuple[Figure, ...]]:
    measurements = Figure("measurements", record.conclusive)
    failures = Figure("failures", record.failures)
    last = record.last
    fault = f": {last.fault}" if last and last.fault and found is _VERDICTS.get(last.result) else ""
    if found is Verdict.FAIL:
        rule = f"more failures than failureLimit allows{fault or _condition(metric)}"
        return rule, (failures, Figure("failureLimit", metric.failure_limit or 0), measurements)
    if found is not Verdict.INCONCLUSIVE:
        return f"{_RULES[found]}{fault}", (failures, measurements)
    unclear = Figure("inconclusive", record.inconclusive)
    if exceeded(record.inconclusive, metric.inconclusive_limit):
        limit = Figure("inconclusiveLimit", metric.inconclusive_limit or 0)
        return "more values than inconclusiveLimit allows meet neither condition", (unclear, limit)
    row = Figure("in a row", record.in_a_row)
    wanted = Figure("consecutiveSuccessLimit", metric.consecutive_success_limit)
    return "count is reached without enough successes in a row", (row, wanted, measurements)


def _condition(metric: Metric) -> str:
    if metric.failure is not None:
        return f", by failureCondition {metric.failure}"
    return f", by successCondition {metric.success}"
