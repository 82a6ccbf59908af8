from datetime import UTC, datetime, timedelta

from perigee_api.buckets import LATENCY
from perigee_operator.domain.analysis.block import Block
from perigee_operator.domain.analysis.comparison import ORDINARY, Comparison, begun, compared
from perigee_operator.domain.analysis.comparison_finding import comparison_findings
from perigee_operator.domain.analysis.finding import decided
from perigee_operator.domain.analysis.histogram import Histogram
from perigee_operator.domain.analysis.tally import Tally
from perigee_operator.domain.analysis.verdict import Action, Policies, Policy, Reaction, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
PATIENT = Policies(
    no_data=Policy(Reaction.HOLD), inconclusive=Policy(Reaction.CONTINUE, after_s=3600)
)


def tally(bucket: int, errors: int = 0) -> Tally:
    return Tally(100, errors, Histogram.sparse(LATENCY, {bucket: 100 - errors}))


def comparison(candidate: Tally, blocks: int) -> Comparison:
    found = begun()
    for minute in range(blocks):
        start = START + timedelta(minutes=minute)
        found = compared(found, Block("sat-1", start, candidate, tally(40)))
    return found


def test_what_was_shown_is_told_with_its_figures() -> None:
    found = comparison_findings(
        comparison(tally(40, errors=5), 20), ORDINARY, PATIENT, START, START + timedelta(hours=1)
    )
    assert decided(found).action is Action.ABORT
    sentence = decided(found).message
    assert sentence.startswith(
        "Comparison of errors has failed: the candidate is worse than the stable revision by more "
        "than the margin (errors of the candidate 100, of requests 2,000, of the stable "
        "revision's 0 %, margin 0.25 points side by side, odds against chance "
    )
    assert sentence.endswith("wanted 300 to 1, blocks 20), since 2026-01-01 00:04:00 UTC.")


def test_latencies_are_told_by_how_often_they_are_slower() -> None:
    found = comparison_findings(comparison(tally(45), 20), ORDINARY, PATIENT, START, START)
    assert found[0].verdict is Verdict.FAIL
    assert (
        "slower than with the margin in 100 %, margin 9.051 % side by side"
        in found[0].explanation.sentence
    )


def test_what_is_as_good_passes() -> None:
    found = comparison_findings(comparison(tally(40), 300), ORDINARY, PATIENT, START, START)
    assert {each.verdict for each in found} == {Verdict.PASS}
    assert decided(found).action is Action.ADVANCE
    assert all("wanted 20 to 1" in each.explanation.sentence for each in found)


def test_what_is_undecided_waits_for_as_long_as_the_policy_says() -> None:
    undecided = comparison(tally(40), 3)
    soon = comparison_findings(undecided, ORDINARY, PATIENT, START, START + timedelta(minutes=10))
    assert {each.verdict for each in soon} == {Verdict.INCONCLUSIVE}
    assert decided(soon).action is Action.HOLD
    assert decided(soon).next_change_s == 3000
    late = comparison_findings(undecided, ORDINARY, PATIENT, START, START + timedelta(hours=2))
    assert decided(late).action is Action.ADVANCE


def test_without_a_block_there_is_no_data() -> None:
    found = comparison_findings(begun(), ORDINARY, PATIENT, START, START + timedelta(days=9))
    assert {each.verdict for each in found} == {Verdict.NO_DATA}
    assert decided(found).action is Action.HOLD


def test_evidence_beyond_all_doubt_can_be_told() -> None:
    found = comparison_findings(comparison(tally(60), 3000), ORDINARY, PATIENT, START, START)
    assert "odds against chance 1,000,000 to 1" in found[0].explanation.sentence
