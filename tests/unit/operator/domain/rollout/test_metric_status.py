import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at
from perigee_api.analysis import LONGEST_TERMS, MetricStatus
from perigee_operator.domain.analysis.expression import parsed
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Measurement, Record, measured, source_down
from perigee_operator.domain.analysis.record import verdict as verdict_of
from perigee_operator.domain.rollout.metric_status import (
    is_news,
    key_of,
    record_of,
    status_of,
    with_terms,
)

KEY = MetricKey(1, "errors", "01234567", at(0))
METRIC = Metric(
    "errors",
    parsed("value < 1"),
    parsed("value > 2"),
    interval_s=10,
    count=8,
    failure_limit=2,
    inconclusive_limit=None,
)
LOOKS = st.lists(st.none() | st.sampled_from([0.5, 1.5, 2.5, math.inf, math.nan]), max_size=20)


def looked(value: float | None, number: int, metric: Metric = METRIC) -> Measurement:
    """None: the source is down."""
    moment = at(10 * number)
    return source_down(moment, "refused") if value is None else measured(metric, value, moment)


def record(values: list[float | None], metric: Metric = METRIC) -> Record:
    found = Record(at(0))
    for number, value in enumerate(values):
        found = found.after(metric, looked(value, number, metric))
    return found


@given(LOOKS)
def test_what_is_kept_is_what_was_measured(values: list[float | None]) -> None:
    found = record(values)
    text = status_of(KEY, METRIC, found).model_dump_json(by_alias=True, exclude_none=True)
    kept = MetricStatus.model_validate(json.loads(text))
    assert key_of(kept) == KEY
    assert record_of(kept) == found
    assert kept.verdict == verdict_of(METRIC, found).value


@pytest.mark.parametrize(
    ("kept", "fresh", "expected"),
    [
        ([], [], False),
        ([], [0.5], True),
        ([0.5], [0.5], False),
        ([0.5], [0.5, 0.5], False),
        ([0.5], [0.5, 2.5], True),
        ([0.5], [0.5, 1.5], False),
        ([0.5], [0.5, None], True),
        ([0.5, None], [0.5, None, None], False),
        ([0.5, None], [0.5, None, 0.5], True),
        ([0.5], [0.5, None, 0.5], True),
        ([0.5], [0.5] * 6, False),
        ([0.5], [0.5] * 7, True),
        ([0.5, 2.5], [0.5], False),
    ],
    ids=str,
)
def test_news(kept: list[float | None], fresh: list[float | None], expected: bool) -> None:  # noqa: FBT001
    assert is_news(METRIC, record(kept), record(fresh)) is expected


@given(LOOKS)
def test_what_is_no_news_changes_no_verdict(values: list[float | None]) -> None:
    kept, writes = Record(at(0)), 0
    for number in range(len(values) + 1):
        fresh = record(values[:number])
        if is_news(METRIC, kept, fresh):
            kept, writes = fresh, writes + 1
        assert verdict_of(METRIC, kept) is verdict_of(METRIC, fresh)
        assert kept.since == fresh.since
        assert kept.failures == fresh.failures


def test_terms_that_are_too_long_for_the_status_are_not_kept() -> None:
    status = status_of(KEY, METRIC, record([0.5]))
    assert with_terms(status, "") is status
    longest = "x" * LONGEST_TERMS
    assert with_terms(status, longest).terms == longest
    assert with_terms(with_terms(status, longest), longest + "x") == status
