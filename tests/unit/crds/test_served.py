import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from perigee_api.buckets import LATENCY
from perigee_api.features import MOST_BUCKETS, MOST_SAMPLES, FeatureCounts, FeaturesCounts
from perigee_api.served import MAX_SERVED_BYTES, Before, Counts, ServedBlock, ShadowCounts

MOST = 10**12
COUNTS = st.builds(
    Counts,
    errors=st.integers(0, MOST),
    latency=st.dictionaries(st.integers(0, len(LATENCY) - 1), st.integers(1, MOST)),
)


def features(count: int) -> FeaturesCounts:
    each = FeatureCounts(golden=(count,) * MOST_BUCKETS, live=(count,) * MOST_BUCKETS)
    return FeaturesCounts(score=each, mean=each, deviation=each)


def text(block: ServedBlock) -> str:
    return block.model_dump_json(by_alias=True, exclude_none=True)


@given(one=COUNTS, other=COUNTS)
def test_both_together_are_what_each_has(one: Counts, other: Counts) -> None:
    both = one.plus(other)
    assert both == other.plus(one)
    assert both.errors == min(MOST, one.errors + other.errors)
    assert both.latency.keys() == one.latency.keys() | other.latency.keys()
    for bucket, count in both.latency.items():
        alone = one.latency.get(bucket, 0) + other.latency.get(bucket, 0)
        assert count == min(MOST, alone)


def test_requests_are_answers_and_errors() -> None:
    assert Counts(errors=2, latency={3: 4, 5: 6}).requests == 12
    assert Counts().requests == 0


def test_the_largest_block_there_can_be_fits_into_a_report() -> None:
    counts = Counts(errors=MOST, latency=dict.fromkeys(range(len(LATENCY)), MOST))
    word = "f" * 64
    block = ServedBlock(
        pod=word,
        revision=word,
        run=word,
        sequence=MOST,
        age_s=MOST,
        lasted_s=MOST,
        counts=counts,
        before=Before(revision=word, counts=counts),
        shadow=ShadowCounts(candidate=word, compared=MOST, agreed=MOST, failed=MOST, dropped=MOST),
        features=features(MOST_SAMPLES),
    )
    assert len(text(block).encode()) < MAX_SERVED_BYTES


def test_a_usual_block_has_little_more_than_a_kilobyte() -> None:
    own = Counts(errors=3, latency=dict.fromkeys(range(40, 70), 900))
    other = Counts(errors=9, latency=dict.fromkeys(range(40, 70), 90000))
    block = ServedBlock(
        pod="0f6ff0ff-71f1-4d2c-9a44-3f1f28d3fe22",
        revision="0123abcd",
        run="01234567",
        sequence=12,
        age_s=3600,
        lasted_s=480,
        counts=own,
        before=Before(revision="89abcdef", counts=other),
        shadow=ShadowCounts(candidate="89abcdef", compared=40, agreed=39, failed=1, dropped=4),
        features=features(90),
    )
    assert len(text(block)) < 1200
    assert ServedBlock.model_validate_json(text(block)) == block


@pytest.mark.parametrize(
    "counts", [{"errors": -1}, {"latency": {138: 1}}, {"latency": {-1: 1}}, {"latency": {5: 0}}]
)
def test_what_nobody_can_have_counted_is_refused(counts: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Counts.model_validate(counts)


def test_no_more_answers_agree_than_were_compared() -> None:
    with pytest.raises(ValidationError):
        ShadowCounts(candidate="c", compared=3, agreed=4)


@pytest.mark.parametrize(
    ("golden", "live"),
    [((1, 2), (1, 2, 3)), ((1,), (1,)), ((1, -1), (1, 1)), ((1,) * 11, (1,) * 11)],
)
def test_counts_of_samples_have_the_same_buckets(
    golden: tuple[int, ...], live: tuple[int, ...]
) -> None:
    with pytest.raises(ValidationError):
        FeatureCounts(golden=golden, live=live)


def test_a_block_that_is_told_later_is_older() -> None:
    block = ServedBlock(
        pod="p", revision="r", run="1", sequence=0, age_s=5, lasted_s=480, counts=Counts()
    )
    ages = [block.aged(age).age_s for age in (7.9, 0, -3)]
    assert ages == [7, 0, 0]
    assert all(a.aged(5) == block for a in itertools.repeat(block.aged(100), 1))
