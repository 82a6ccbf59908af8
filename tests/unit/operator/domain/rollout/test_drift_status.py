import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at
from perigee_api.drift import (
    LONGEST_DRIFT_EVIDENCE,
    LONGEST_DRIFT_TERMS,
    Drift,
    DriftStatus,
    Feature,
)
from perigee_api.features import MOST_BUCKETS, MOST_SAMPLES, FeatureCounts, FeaturesCounts
from perigee_operator.domain.analysis.clusters import FEWEST_BLOCKS
from perigee_operator.domain.analysis.compared import Drifted
from perigee_operator.domain.analysis.feature_drift import NONE, Drifts, with_block
from perigee_operator.domain.rollout.drift_status import (
    WRITTEN_EVERY,
    begun_status,
    drifted_of,
    is_news,
    key_of,
    status_of,
)
from perigee_operator.domain.rollout.drift_terms import read, recalled

TERMS = read(Drift())
BEGUN = begun_status(1, TERMS, at(0.7))
GOLDEN = (40, 40, 40)
COUNTS = st.tuples(*[st.integers(0, 99)] * 3)
BLOCKS = st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=20)


def block(score: tuple[int, ...], mean: tuple[int, ...] | None = None) -> FeaturesCounts:
    return FeaturesCounts(
        score=FeatureCounts(golden=GOLDEN, live=score),
        mean=FeatureCounts(golden=GOLDEN, live=mean) if mean else None,
    )


def drifted(drifts: Drifts, heard_s: float = 480) -> Drifted:
    return Drifted(key_of(BEGUN), drifts, at(heard_s))


def after(*blocks: FeaturesCounts, heard_s: float = 480) -> Drifted:
    drifts = NONE
    for each in blocks:
        drifts = with_block(drifts, each)
    return drifted(drifts, heard_s)


def written(fresh: Drifted) -> DriftStatus:
    """As it comes back from the API server."""
    status = status_of(BEGUN, TERMS.rules, fresh)
    return DriftStatus.model_validate_json(status.model_dump_json(by_alias=True))


@given(blocks=BLOCKS)
def test_what_is_written_is_gone_on_from(
    blocks: list[tuple[tuple[int, ...], tuple[int, ...]]],
) -> None:
    fresh = after(*(block(*each) for each in blocks))
    status = written(fresh)
    assert drifted_of(status) == fresh
    assert [each.feature for each in status.features] == [Feature.SCORE, Feature.MEAN]
    assert status.features[0].samples == sum(sum(score) for score, _ in blocks)
    assert status.features[0].golden == sum(GOLDEN)


BAD = {
    "golden": [1, 2],
    "counts": [1, 2],
    "squares": [1, 2],
    "products": [1, 2, 3],
    "sizes": 9,
    "blocks": 1,
}


@pytest.mark.parametrize(
    "evidence", ["", "nonsense", "[]", '{"Other": {}}', json.dumps({"Score": BAD})]
)
def test_where_it_is_damaged_it_begins_without_a_block(evidence: str) -> None:
    status = written(after(block((1, 2, 3)))).model_copy(update={"evidence": evidence})
    assert drifted_of(status).drifts == NONE


def test_as_much_as_can_be_counted_fits_into_it() -> None:
    most = FeatureCounts(golden=(MOST_SAMPLES,) * MOST_BUCKETS, live=(MOST_SAMPLES,) * MOST_BUCKETS)
    blocks = [FeaturesCounts(score=most, mean=most, deviation=most)] * 10_000
    status = written(after(*blocks))
    assert len(status.evidence) < LONGEST_DRIFT_EVIDENCE


def test_news_is_what_something_follows_from_or_what_is_due() -> None:
    like = block((30, 30, 30))
    first = after(like)
    assert is_news(BEGUN, TERMS.rules, first)
    assert not is_news(BEGUN, TERMS.rules, Drifted(key_of(BEGUN), NONE))
    kept = written(first)
    assert not is_news(kept, TERMS.rules, after(like, like, heard_s=481))
    assert is_news(kept, TERMS.rules, drifted(first.drifts, 480 + WRITTEN_EVERY.total_seconds()))
    shown = after(*[like] * FEWEST_BLOCKS, heard_s=481)
    assert is_news(kept, TERMS.rules, shown)
    assert written(shown).verdict == "Pass"
    another = after(block((30, 30, 30), (1, 1, 1)), heard_s=481)
    assert is_news(kept, TERMS.rules, another), "a feature that was not known"


@pytest.mark.parametrize(
    "said",
    [
        Drift(),
        Drift.model_validate(
            {
                "maxScoreIndex": 9.87654321,
                "maxInputIndex": 0.123456789,
                "samples": 1_000_000,
                "onNoData": {"action": "Continue", "after": 31_536_000},
            }
        ),
    ],
)
def test_the_analysis_is_recalled_from_the_status(said: Drift) -> None:
    terms = read(said)
    assert len(terms.text) <= LONGEST_DRIFT_TERMS
    assert recalled(begun_status(0, terms, at(0))) == said


def test_what_makes_no_sense_is_not_recalled() -> None:
    assert recalled(BEGUN.model_copy(update={"terms": "nonsense"})) is None
    assert read(Drift(samples=300)).digest != TERMS.digest
