"""What is kept of a metric in the model's status, and when it is written."""

from datetime import datetime, timedelta
from typing import Final

from perigee_api.analysis import LONGEST_TERMS, MetricStatus
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Measurement, Record, Result, verdict
from perigee_operator.domain.rollout.metrics import Definition

WRITTEN_EVERY: Final = timedelta(seconds=60)
"""Measurements that change nothing are written so often at most."""
FAULT_LIMIT: Final = 256


def begun(step: int, written: Definition, now: datetime) -> MetricStatus:
    """A metric that is to be measured from now on."""
    return MetricStatus(
        step=step,
        name=written.name,
        definition=written.digest,
        started=now.replace(microsecond=0),
    )


def with_terms(kept: MetricStatus, terms: str) -> MetricStatus:
    """The same, with the metric as JSON: so it can be measured where nobody else says how."""
    terms = terms if len(terms) <= LONGEST_TERMS else ""
    return kept if kept.terms == terms else kept.model_copy(update={"terms": terms})


def key_of(kept: MetricStatus) -> MetricKey:
    """Which metric it is of."""
    return MetricKey(kept.step, kept.name, kept.definition, kept.started)


def record_of(kept: MetricStatus) -> Record:
    """The record as the status tells it."""
    value = None if kept.last_value is None else float(kept.last_value)
    last = None
    if kept.last_measured is not None and kept.last_result is not None:
        result = Result(kept.last_result)
        has_value = result not in (Result.NO_DATA, Result.SOURCE_DOWN)
        last = Measurement(
            kept.last_measured, result, value if has_value else None, kept.last_fault
        )
    return Record(
        started=kept.started,
        passes=kept.successes,
        failures=kept.failures,
        inconclusive=kept.inconclusive,
        in_a_row=kept.in_a_row,
        last=last,
        last_value=value,
        since=kept.since,
    )


def status_of(key: MetricKey, metric: Metric, record: Record) -> MetricStatus:
    """A record as the status keeps it."""
    last = record.last
    return MetricStatus(
        step=key.step,
        name=key.name,
        definition=key.definition,
        started=key.started,
        verdict=verdict(metric, record).value,
        since=record.since,
        successes=record.passes,
        failures=record.failures,
        inconclusive=record.inconclusive,
        in_a_row=record.in_a_row,
        last_measured=last.at if last else None,
        last_result=last.result.value if last else None,
        last_value=None if record.last_value is None else repr(record.last_value),
        last_fault=last.fault[:FAULT_LIMIT] if last else "",
    )


def is_news(metric: Metric, kept: Record, fresh: Record) -> bool:
    """Whether something may follow from what was measured since it was written last.

    So it is written when the verdict has changed, or something was counted towards a limit: of
    these there are few. All else waits a minute, and is measured again if the operator dies.
    """
    if fresh.last is None:
        return False
    if kept.last is None:
        return True
    if fresh.last.at <= kept.last.at:
        return False
    if fresh.since != kept.since or _counted(metric, fresh) != _counted(metric, kept):
        return True
    return fresh.last.at - kept.last.at >= WRITTEN_EVERY


def _counted(metric: Metric, record: Record) -> tuple[int, int]:
    """What counts towards a limit."""
    return (
        0 if metric.failure_limit is None else record.failures,
        0 if metric.inconclusive_limit is None else record.inconclusive,
    )
