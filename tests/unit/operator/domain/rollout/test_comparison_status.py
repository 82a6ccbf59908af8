from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at
from perigee_api.buckets import LATENCY
from perigee_api.comparison import LONGEST_COMPARISON, ComparisonStatus, ReportComparison
from perigee_operator.domain.analysis.block import Block, Pairing
from perigee_operator.domain.analysis.compared import Compared
from perigee_operator.domain.analysis.comparison import Aspect, Comparison, begun, compared, outcome
from perigee_operator.domain.analysis.histogram import Histogram
from perigee_operator.domain.analysis.tally import Tally
from perigee_operator.domain.rollout.comparison_status import (
    WRITTEN_EVERY,
    begun_status,
    compared_of,
    is_news,
    key_of,
    status_of,
)
from perigee_operator.domain.rollout.comparison_terms import read, recalled

TERMS = read(ReportComparison())
BEGUN = begun_status(1, TERMS, at(0.7))
REQUESTS = 1000
COUNTS = st.tuples(st.integers(30, 60), st.integers(0, 400))


def tally(bucket: int, errors: int) -> Tally:
    latency = Histogram.sparse(LATENCY, {bucket: REQUESTS - errors})
    return Tally(REQUESTS, errors, latency)


def after(*blocks: tuple[int, int], comparison: Comparison | None = None) -> Compared:
    """So many blocks of the candidate: a bucket of latency, and errors."""
    found = comparison or begun(TERMS.rules)
    for number, (bucket, errors) in enumerate(blocks):
        pair = (tally(bucket, errors), tally(45, 2))
        block = Block("sat-1", at(480 * number), *pair, Pairing.BEFORE_AFTER)
        found = compared(found, block, TERMS.rules)
    return Compared(key_of(BEGUN), found, at(480 * len(blocks)) if blocks else None)


def written(fresh: Compared) -> ComparisonStatus:
    """As it comes back from the API server."""
    status = status_of(BEGUN, TERMS.rules, fresh)
    return ComparisonStatus.model_validate_json(status.model_dump_json(by_alias=True))


@given(blocks=st.lists(COUNTS, min_size=1, max_size=30), more=st.lists(COUNTS, max_size=10))
def test_what_is_written_is_gone_on_from_and_no_wealth_grows_by_it(
    blocks: list[tuple[int, int]], more: list[tuple[int, int]]
) -> None:
    fresh = after(*blocks)
    told = compared_of(written(fresh), TERMS.rules)
    assert (told.key, told.last_heard) == (fresh.key, fresh.last_heard)
    assert told.comparison.candidate == fresh.comparison.candidate
    assert told.comparison.stable == fresh.comparison.stable
    assert told.comparison.pairings == fresh.comparison.pairings
    own = after(*more, comparison=fresh.comparison).comparison
    other = after(*more, comparison=told.comparison).comparison
    for aspect in Aspect:
        ours, theirs = own.trials[aspect], other.trials[aspect]
        assert theirs.blocks == ours.blocks
        assert theirs.slower == pytest.approx(ours.slower, abs=0.01)
        for one, written_down in ((ours.worse, theirs.worse), (ours.fine, theirs.fine)):
            assert one.peak - 0.001 <= written_down.peak <= one.peak + 1e-9
            assert one.log - 0.001 <= written_down.log <= one.log + 1e-9


@given(blocks=st.lists(COUNTS, min_size=1, max_size=30))
def test_a_verdict_is_written_at_once(blocks: list[tuple[int, int]]) -> None:
    kept = written(after(*blocks[:-1])) if len(blocks) > 1 else BEGUN
    fresh = after(*blocks)
    known = compared_of(kept, TERMS.rules).comparison
    changed = any(
        outcome(known, a, TERMS.rules) != outcome(fresh.comparison, a, TERMS.rules) for a in Aspect
    )
    assert not changed or is_news(kept, TERMS.rules, fresh)


def test_what_changes_nothing_is_written_once_a_minute() -> None:
    kept = written(after((45, 2)))
    assert kept.last_heard is not None
    soon, late = (
        Compared(key_of(BEGUN), after((45, 2), (45, 2)).comparison, kept.last_heard + after_a_while)
        for after_a_while in (WRITTEN_EVERY - timedelta(seconds=1), WRITTEN_EVERY)
    )
    assert is_news(BEGUN, TERMS.rules, soon)
    assert not is_news(kept, TERMS.rules, soon)
    assert is_news(kept, TERMS.rules, late)
    assert not is_news(BEGUN, TERMS.rules, after())


ONE_ASPECT = """{"trials": {"errors": {"worse": [0], "worse_peak": 0, "fine": [0], "fine_peak": 0,
    "blocks": 1, "slower": 0}}, "stable": [1, 0]}"""


@pytest.mark.parametrize(
    "evidence", ["", "nonsense", "{}", '{"trials": {}, "stable": [1, 0]}', ONE_ASPECT]
)
def test_damaged_evidence_is_none(evidence: str) -> None:
    kept = BEGUN.model_copy(update={"evidence": evidence})
    assert compared_of(kept, TERMS.rules).comparison == begun(TERMS.rules)


def test_stakes_of_another_version_are_none() -> None:
    kept = written(after((45, 2)))
    evidence = kept.evidence.replace('"fine":[', '"fine":[0.0,')
    assert evidence != kept.evidence
    strange = kept.model_copy(update={"evidence": evidence})
    assert compared_of(strange, TERMS.rules).comparison == begun(TERMS.rules)


def test_what_is_kept_is_small_however_long_it_lasts() -> None:
    comparison = after((60, 300), comparison=after(*[(45, 2)] * 3000).comparison)
    assert len(written(comparison).model_dump_json(by_alias=True)) < 1300


def test_the_terms_are_kept_and_another_definition_is_another() -> None:
    assert recalled(BEGUN) == ReportComparison()
    wide = {
        "maxSlowdown": 6.123456789012345,
        "maxTailSlowdown": 6.999999999999999,
        "maxMoreErrors": 0.123456789012345,
        "onNoData": {"action": "Continue", "after": 31_535_999.123456},
        "onInconclusive": {"action": "Continue", "after": 31_535_999.123456},
    }
    written_out = ReportComparison.model_validate(wide)
    terms = read(written_out)
    assert terms.digest != TERMS.digest
    assert len(terms.text) < LONGEST_COMPARISON
    assert recalled(begun_status(0, terms, at(0))) == written_out
    assert recalled(BEGUN.model_copy(update={"terms": "nonsense"})) is None


def test_margins_are_whole_buckets() -> None:
    margins = TERMS.rules.margins[Pairing.BEFORE_AFTER]
    assert (margins.latency, margins.tail, margins.errors) == (2, 3, 0.005)
    narrow = read(ReportComparison(max_slowdown=0.09, max_tail_slowdown=0.1))
    assert narrow.rules.margins[Pairing.BEFORE_AFTER].latency == 1
