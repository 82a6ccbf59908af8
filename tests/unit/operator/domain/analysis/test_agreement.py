import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.shadow import SHADOWING_SATELLITES
from perigee_operator.domain.analysis.agreement import (
    TOLD_APART,
    Agreement,
    ShadowRules,
    ShadowTally,
    has_data,
    outcome,
    risk_of,
    with_block,
    worse_places,
)
from perigee_operator.domain.analysis.agreement_finding import (
    agreement_findings,
    verdict_of,
    without_data,
)
from perigee_operator.domain.analysis.comparison import Outcome
from perigee_operator.domain.analysis.finding import decided
from perigee_operator.domain.analysis.verdict import ALL_HOLD, Action, Verdict

RULES = ShadowRules(agreement=0.98, requests_per_satellite=20)
START = datetime(2026, 1, 1, tzinfo=UTC)


def tally(compared: int, agreed: int, failed: int = 0) -> ShadowTally:
    return ShadowTally(compared, agreed, failed)


def after(*blocks: ShadowTally, node: str = "a", agreement: Agreement | None = None) -> Agreement:
    found = agreement or Agreement()
    for number, block in enumerate(blocks):
        found = with_block(found, node, START + timedelta(minutes=8 * number), block, RULES)
    return found


def needed(agreement: float) -> int:
    """Answers, ten a block, that all agree, until it passes."""
    rules = ShadowRules(agreement, 1)
    found, answers = Agreement(), 0
    while outcome(found, rules) is not Outcome.NOT_WORSE:
        found, answers = with_block(found, "a", START, tally(10, 10), rules), answers + 10
    return answers


@pytest.mark.parametrize(("agreement", "answers"), [(0.9, 100), (0.95, 200), (0.96, 250)])
def test_so_many_answers_that_agree_are_enough(agreement: float, answers: int) -> None:
    assert needed(agreement) <= answers


def test_what_the_api_says_of_how_many_it_takes_is_so() -> None:
    assert needed(0.96) == pytest.approx(250, abs=30)
    assert needed(0.98) == pytest.approx(500, abs=30)


@given(
    blocks=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 9)), max_size=30
    )
)
def test_all_that_was_told_is_counted(blocks: list[tuple[int, int, int]]) -> None:
    told = [ShadowTally(max(a, b), min(a, b), c, 3) for a, b, c in blocks]
    found = after(*told)
    assert found.tally.compared == sum(each.compared for each in told)
    assert found.tally.answers == sum(each.answers for each in told)
    assert found.tally.differing == sum(each.answers - each.agreed for each in told)
    assert found.tally.dropped == 3 * len(told)
    assert found.worse.blocks == sum(each.answers > 0 for each in told)


def test_a_block_without_an_answer_shows_nothing() -> None:
    found = after(ShadowTally(dropped=7))
    assert verdict_of(found, RULES) is Verdict.NO_DATA
    assert not found.places
    assert not has_data(found, "a", RULES)


def test_risks_of_all_satellites_add_up_to_half_of_it() -> None:
    total = sum(risk_of(number, RULES) for number in range(1, 10_000))
    assert total == pytest.approx(RULES.false_abort / 2, rel=1e-3)
    assert total < RULES.false_abort / 2


def test_no_good_candidate_is_given_up_more_often_than_it_may_be() -> None:
    rng = random.Random(7)  # noqa: S311 - no secret
    given_up = 0
    for _ in range(200):
        found = Agreement()
        for number in range(200):
            differing = sum(rng.random() < 0.02 for _ in range(10))
            found = with_block(found, f"s{number % 5}", START, tally(10, 10 - differing), RULES)
        failed = outcome(found, RULES) is Outcome.WORSE or bool(worse_places(found, RULES))
        given_up += failed
    assert given_up <= 4


@pytest.mark.parametrize("block", [tally(50, 40), tally(0, 0, 50)], ids=["differing", "failing"])
def test_a_bad_one_fails_and_no_single_block_decides(block: ShadowTally) -> None:
    assert outcome(after(block, block), RULES) is Outcome.UNDECIDED
    assert outcome(after(*[block] * 8), RULES) is Outcome.WORSE


def test_one_satellite_is_found_among_many() -> None:
    found = Agreement()
    for _ in range(12):
        found = after(tally(500, 500), node="good", agreement=found)
        found = after(tally(20, 15), node="bad", agreement=found)
    assert outcome(found, RULES) is Outcome.NOT_WORSE
    ((node, risk),) = worse_places(found, RULES)
    assert (node, risk) == ("bad", risk_of(2, RULES))
    assert verdict_of(found, RULES) is Verdict.FAIL
    decision = decided(agreement_findings(found, RULES, ALL_HOLD, (), START, START))
    assert decision.action is Action.ABORT
    assert decision.message.startswith("Shadow agreement on bad has failed: ")
    assert "agreeing 75 %" in decision.message


def test_satellites_beyond_those_told_apart_count_with_the_rest() -> None:
    assert TOLD_APART == SHADOWING_SATELLITES
    found = Agreement()
    for number in range(TOLD_APART + 5):
        found = after(tally(30, 30), node=f"s{number}", agreement=found)
    assert len(found.places) == TOLD_APART
    assert found.tally.compared == 30 * (TOLD_APART + 5)
    assert has_data(found, f"s{TOLD_APART + 1}", RULES)


@pytest.mark.parametrize(("tolerated", "silent"), [(0, ("b", "c")), (1, ("b", "c")), (2, ())])
def test_who_is_silent_counts_if_more_are_than_may_be(
    tolerated: int, silent: tuple[str, ...]
) -> None:
    found = after(*[tally(20, 20)] * 40)
    found = after(tally(19, 19), node="b", agreement=found)
    assert without_data(found, RULES, ("a", "b", "c"), tolerated) == silent
    decision = decided(agreement_findings(found, RULES, ALL_HOLD, silent, START, START))
    assert decision.action is (Action.HOLD if silent else Action.ADVANCE)
    if silent:
        assert decision.message == (
            "Shadow agreement on b, c has no data: too few answers have been compared "
            "(requestsPerSatellite 20)."
        )
