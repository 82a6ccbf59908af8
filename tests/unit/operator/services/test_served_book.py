from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from paper_fleet.intents import model_spec
from paper_fleet.views import at, heartbeat, model_view, pod, revision_view
from perigee_api.buckets import LATENCY
from perigee_api.features import FeatureCounts, FeaturesCounts
from perigee_api.heartbeat import Report
from perigee_api.served import Counts, ServedBlock
from perigee_operator.domain.analysis.clusters import FEWEST_BLOCKS
from perigee_operator.domain.analysis.tally import NOTHING, Tally, tally_of
from perigee_operator.domain.fleet import ModelView
from perigee_operator.services.served_book import UNDER_WAY, ServedBook
from perigee_operator.services.served_metrics import ServedMetrics

SPEC = model_spec()
VIEW = revision_view(SPEC)
REVISION = VIEW.name
KEY = ("default", "m", REVISION)
COUNTS = Counts(errors=1, latency={LATENCY.index(0.02): 8, LATENCY.index(0.3): 1})


def model(**more: Any) -> ModelView:
    pods = (pod("p", REVISION, "sat-1"),)
    return model_view(SPEC, revisions=(VIEW,), pods=pods, **more)


def block(sequence: int = 0, **more: Any) -> ServedBlock:
    given = {
        "pod": "uid-p",
        "revision": REVISION,
        "run": "1",
        "sequence": sequence,
        "age_s": 0,
        "lasted_s": 480,
        "counts": COUNTS,
    }
    return ServedBlock(**{**given, **more})


class Ground:
    """A book that takes what ended after second 0."""

    def __init__(self) -> None:
        self.book = ServedBook(at(0) - UNDER_WAY)
        self.models: tuple[ModelView, ...] = (model(),)
        self.now_s = 0

    def hear(self, *blocks: ServedBlock, on: str = "sat-1", at_s: float | None = None) -> Tally:
        self.now_s += 10
        report = Report(sequence=1, served=blocks or None)
        self.book.hear(on, heartbeat(self.now_s if at_s is None else at_s, report=report))
        self.book.settle(self.models)
        return self.book.sums.get(KEY, NOTHING)


@pytest.fixture
def ground() -> Ground:
    return Ground()


def times(count: int) -> Tally:
    return sum((tally_of(COUNTS) for _ in range(count)), NOTHING)


def test_a_block_is_counted_once_however_often_it_is_told(ground: Ground) -> None:
    for _ in range(5):
        assert ground.hear(block(0), block(1)) == times(2)
    assert ground.hear() == times(2)
    assert ground.hear(block(2)) == times(3)


def test_another_run_counts_from_zero_again(ground: Ground) -> None:
    ground.hear(block(5))
    assert ground.hear(block(0, run="2"), block(5)) == times(2)


def test_what_the_operator_before_may_have_counted_is_passed_over(ground: Ground) -> None:
    assert ground.hear(block(0, age_s=20), at_s=20) == NOTHING
    assert ground.hear(block(0, age_s=1000), block(1, age_s=5), at_s=1000) == times(1)


def test_only_a_pod_on_that_satellite_is_believed(ground: Ground) -> None:
    assert ground.hear(block(), on="sat-2") == NOTHING
    assert ground.hear(block(pod="uid-other")) == NOTHING
    assert ground.hear(block(revision="nobody-s")) == NOTHING
    assert ground.hear(block(1)) == times(1)


def test_a_pod_that_is_not_known_yet_is_believed_once_it_is(ground: Ground) -> None:
    ground.models = (replace(model(), pods=()),)
    assert ground.hear(block()) == NOTHING
    ground.models = (model(),)
    assert ground.hear(block()) == times(1)


def test_what_is_no_more_is_forgotten(ground: Ground) -> None:
    ground.hear(block())
    ground.models = ()
    assert ground.hear() == NOTHING
    assert ground.book.sums == {}


def test_a_report_of_an_older_agent_says_nothing(ground: Ground) -> None:
    ground.book.hear("sat-1", heartbeat(5))
    ground.book.hear("sat-1", heartbeat(6, report=None))
    assert ground.hear() == NOTHING


@given(heard=st.lists(st.lists(st.integers(0, 20), max_size=6), max_size=20))
def test_no_order_of_heartbeats_makes_anything_up(heard: list[list[int]]) -> None:
    ground = Ground()
    for numbers in heard:
        found = ground.hear(*(block(number) for number in numbers))
    distinct = len({number for numbers in heard for number in numbers})
    assert not heard or found.requests <= 10 * distinct


def test_prometheus_is_told_of_drift(ground: Ground) -> None:
    registry = CollectorRegistry()
    ServedMetrics(registry, lambda: ground.book.sums, lambda: ground.book.drifts)
    labels = {"namespace": "default", "model": "m", "revision": REVISION, "feature": "mean"}
    features = FeaturesCounts(mean=FeatureCounts(golden=(50, 50), live=(25, 25)))
    for number in range(FEWEST_BLOCKS):
        assert registry.get_sample_value("perigee_served_drift", labels) is None
        ground.hear(block(number, features=features))
    assert registry.get_sample_value("perigee_served_drift", labels) == 0
    ground.models = ()
    ground.hear()
    assert ground.book.drifts == {}


def test_prometheus_is_told(ground: Ground) -> None:
    registry = CollectorRegistry()
    ServedMetrics(registry, lambda: ground.book.sums, lambda: ground.book.drifts)
    labels = {"namespace": "default", "model": "m", "revision": REVISION}

    def value(name: str, **more: str) -> float | None:
        return registry.get_sample_value(name, labels | more)

    assert value("perigee_served_requests_total") is None
    ground.hear(block(0), block(1))
    assert value("perigee_served_requests_total") == 20
    assert value("perigee_served_errors_total") == 2
    assert value("perigee_served_latency_seconds_bucket", le="0.015625") == 0
    assert value("perigee_served_latency_seconds_bucket", le="0.03125") == 16
    assert value("perigee_served_latency_seconds_bucket", le="0.25") == 16
    assert value("perigee_served_latency_seconds_bucket", le="+Inf") == 18
    assert value("perigee_served_latency_seconds_count") == 18
    total = value("perigee_served_latency_seconds_sum")
    assert total == pytest.approx(16 * 0.02 + 2 * 0.3, rel=0.05)
