"""What has been measured of a metric, and what was found by it so far."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.verdict import Verdict

RETRY_S: Final = 10.0
"""Between measurements of a metric without an interval, until there is a value."""


class Result(Enum):
    """What one measurement says."""

    PASS = "Pass"  # noqa: S105  # no password
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"
    NO_DATA = "NoData"
    SOURCE_DOWN = "SourceDown"


_WITHOUT_VALUE: Final = {
    Result.NO_DATA: Verdict.NO_DATA,
    Result.SOURCE_DOWN: Verdict.SOURCE_DOWN,
}
"""Results that are no answer."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One look at the source."""

    at: datetime
    result: Result
    value: float | None = None
    fault: str = ""
    """Why the source gave no value, or why that is a failure, if it says."""

    @property
    def value_is_missing(self) -> bool:
        """Whether the source had no answer."""
        return self.result in _WITHOUT_VALUE


def measured(metric: Metric, value: float | None, at: datetime) -> Measurement:
    """Judges a value; None, or no number, is no data.

    Both conditions may hold or neither: a failure comes first, and neither is inconclusive. Where
    one is not given, it is the other's opposite.
    """
    if value is None or math.isnan(value):
        return Measurement(at, Result.NO_DATA)
    succeeds = metric.success is not None and metric.success.holds(value)
    if metric.failure is None:
        result = Result.PASS if succeeds else Result.FAIL
    elif metric.failure.holds(value):
        result = Result.FAIL
    else:
        passes = succeeds or metric.success is None
        result = Result.PASS if passes else Result.INCONCLUSIVE
    return Measurement(at, result, value)


def all_measured(metric: Metric, values: Iterable[float], at: datetime) -> Measurement:
    """Judges several values of one look: the worst counts; no numbers are left out."""
    each = [measured(metric, value, at) for value in values]
    return max(each, key=lambda m: _WORSE[m.result], default=measured(metric, None, at))


_WORSE: Final = {Result.NO_DATA: 0, Result.PASS: 1, Result.INCONCLUSIVE: 2, Result.FAIL: 3}


def source_down(at: datetime, fault: str = "") -> Measurement:
    """The source did not answer."""
    return Measurement(at, Result.SOURCE_DOWN, fault=fault)


@dataclass(frozen=True, slots=True)
class Record:
    """All that is to be kept of the measurements of a metric, however many there were."""

    started: datetime
    passes: int = 0
    failures: int = 0
    inconclusive: int = 0
    in_a_row: int = 0
    """Successes since the last that was none; measurements without a value aside."""
    last: Measurement | None = None
    last_value: float | None = None
    since: datetime | None = None
    """When the present verdict was first found."""

    @property
    def conclusive(self) -> int:
        """Measurements that had a value."""
        return self.passes + self.failures + self.inconclusive

    def after(self, metric: Metric, measurement: Measurement) -> "Record":
        """The record with one more measurement."""
        result = measurement.result
        without = result in _WITHOUT_VALUE
        row = self.in_a_row + (result is Result.PASS)
        after = replace(
            self,
            passes=self.passes + (result is Result.PASS),
            failures=self.failures + (result is Result.FAIL),
            inconclusive=self.inconclusive + (result is Result.INCONCLUSIVE),
            in_a_row=row if without or result is Result.PASS else 0,
            last=measurement,
            last_value=self.last_value if without else measurement.value,
        )
        changed = self.since is None or verdict(metric, self) is not verdict(metric, after)
        return replace(after, since=measurement.at) if changed else after


def verdict(metric: Metric, record: Record) -> Verdict:
    """What has been found so far: first by the limits, then by the number, then by the last."""
    wanted_row = metric.consecutive_success_limit
    enough = metric.enough is not None and record.conclusive >= metric.enough
    passed = record.in_a_row >= wanted_row if wanted_row else enough
    if exceeded(record.failures, metric.failure_limit):
        return Verdict.FAIL
    if exceeded(record.inconclusive, metric.inconclusive_limit):
        return Verdict.INCONCLUSIVE
    if passed:
        return Verdict.PASS
    if enough:
        return Verdict.INCONCLUSIVE
    if record.last is None:
        return Verdict.RUNNING
    return _WITHOUT_VALUE.get(record.last.result, Verdict.RUNNING)


def due_s(metric: Metric, record: Record, now: datetime) -> float | None:
    """In how many seconds to measure again; None: never."""
    if record.last is None:
        return 0
    if metric.interval_s is None and record.last.result not in _WITHOUT_VALUE:
        return None
    elapsed_s = (now - record.last.at).total_seconds()
    return max(0.0, (metric.interval_s or RETRY_S) - elapsed_s)


def exceeded(count: int, limit: int | None) -> bool:
    """Whether there are more than a limit allows; None allows all."""
    return limit is not None and count > limit
