import pytest

from paper_fleet.views import at
from perigee_api.drift import Feature
from perigee_api.features import FeatureCounts, FeaturesCounts
from perigee_operator.domain.analysis.clusters import FEWEST_BLOCKS
from perigee_operator.services.recent_drift import GENERATION, RecentDrift

DAY_S = GENERATION.total_seconds()
LIKE, FAR = (20, 20), (40, 0)


def heard(drift: RecentDrift, day: float, *live: tuple[int, ...], golden: int = 100) -> None:
    for number, each in enumerate(live):
        counts = FeatureCounts(golden=(golden,) * len(each), live=each)
        drift.take(FeaturesCounts(score=counts), at(day * DAY_S + number))


@pytest.fixture
def drift() -> RecentDrift:
    return RecentDrift(at(0))


def test_nothing_is_told_of_few_samples(drift: RecentDrift) -> None:
    heard(drift, 0, *[LIKE] * (FEWEST_BLOCKS - 1))
    assert drift.indices == {}
    heard(drift, 0.5, LIKE)
    assert drift.indices == {Feature.SCORE: 0}


def test_what_was_asked_of_late_is_far(drift: RecentDrift) -> None:
    heard(drift, 0, *[FAR] * FEWEST_BLOCKS)
    assert drift.indices[Feature.SCORE] > 1


def test_the_day_before_counts_and_what_was_before_that_does_not(drift: RecentDrift) -> None:
    heard(drift, 0, *[FAR] * FEWEST_BLOCKS)
    heard(drift, 1, FAR)
    assert drift.indices[Feature.SCORE] > 1
    heard(drift, 2.1, *[LIKE] * FEWEST_BLOCKS)
    heard(drift, 3.2, LIKE)
    assert drift.indices == {Feature.SCORE: 0}


def test_after_a_long_silence_nothing_of_before_counts(drift: RecentDrift) -> None:
    heard(drift, 0, *[FAR] * FEWEST_BLOCKS)
    heard(drift, 2, LIKE)
    assert drift.indices == {}


def test_other_buckets_are_not_added(drift: RecentDrift) -> None:
    heard(drift, 0, *[FAR] * FEWEST_BLOCKS)
    heard(drift, 1, *[(20, 20, 20)] * FEWEST_BLOCKS)
    assert drift.indices == {Feature.SCORE: 0}
