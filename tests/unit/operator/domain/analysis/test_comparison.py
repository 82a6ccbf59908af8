from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.buckets import LATENCY
from perigee_operator.domain.analysis.block import Block, Pairing
from perigee_operator.domain.analysis.comparison import (
    ORDINARY,
    Aspect,
    Comparison,
    Margins,
    Outcome,
    Rules,
    Sums,
    begun,
    compared,
    outcome,
    verdict,
)
from perigee_operator.domain.analysis.histogram import Histogram
from perigee_operator.domain.analysis.tally import NOTHING, Tally

START = datetime(2026, 1, 1, tzinfo=UTC)


def tally(bucket: int, errors: int = 0, requests: int = 100) -> Tally:
    spread = {bucket - 1: 20, bucket: requests - 40 - errors, bucket + 1: 20}
    return Tally(requests, errors, Histogram.sparse(LATENCY, spread))


def block(
    candidate: Tally, stable: Tally, pairing: Pairing = Pairing.SIDE_BY_SIDE, minute: int = 0
) -> Block:
    return Block("sat-1", START + timedelta(minutes=minute), candidate, stable, pairing)


def after(blocks: list[Block], rules: Rules = ORDINARY) -> Comparison:
    comparison = begun(rules)
    for each in blocks:
        comparison = compared(comparison, each, rules)
    return comparison


def test_nothing_is_shown_at_first() -> None:
    assert verdict(begun()) is Outcome.UNDECIDED
    assert begun().since is None


@pytest.mark.parametrize(
    ("candidate", "worse"),
    [
        (tally(45), {Aspect.LATENCY, Aspect.TAIL}),
        (tally(42), {Aspect.LATENCY}),
        (tally(40, errors=5), {Aspect.ERRORS}),
        (tally(48, errors=50), set(Aspect)),
    ],
)
def test_what_is_worse_is_found_and_named(candidate: Tally, worse: set[Aspect]) -> None:
    comparison = after([block(candidate, tally(40))] * 30)
    assert {a for a in Aspect if outcome(comparison, a) is Outcome.WORSE} == worse
    assert verdict(comparison) is Outcome.WORSE


def test_what_is_as_good_is_let_pass_when_all_aspects_are() -> None:
    blocks = [block(tally(40), tally(40))] * 300
    at = next(n for n in range(300) if verdict(after(blocks[:n])) is Outcome.NOT_WORSE)
    before = after(blocks[: at - 1])
    assert outcome(before, Aspect.LATENCY) is Outcome.NOT_WORSE
    assert outcome(before, Aspect.ERRORS) is Outcome.UNDECIDED


def test_what_is_better_is_let_pass() -> None:
    assert verdict(after([block(tally(30), tally(40, errors=1))] * 300)) is Outcome.NOT_WORSE


def test_a_little_slower_is_within_the_margin() -> None:
    found = after([block(tally(41), tally(40))] * 300)
    assert outcome(found, Aspect.LATENCY) is Outcome.UNDECIDED


def test_one_burst_of_errors_does_not_decide() -> None:
    quiet, burst = block(tally(40), tally(40)), block(tally(40, errors=60), tally(40))
    assert verdict(after([quiet] * 20 + [burst])) is Outcome.UNDECIDED
    assert verdict(after([burst] * 5)) is Outcome.WORSE


def test_errors_that_both_have_are_not_the_candidates() -> None:
    found = after([block(tally(40, errors=9), tally(40, errors=9))] * 200)
    assert outcome(found, Aspect.ERRORS) is not Outcome.WORSE


def test_before_and_after_has_a_wider_margin() -> None:
    candidate = tally(42)
    beside = after([block(candidate, tally(40))] * 60)
    apart = after([block(candidate, tally(40), Pairing.BEFORE_AFTER)] * 60)
    assert outcome(beside, Aspect.LATENCY) is Outcome.WORSE
    assert outcome(apart, Aspect.LATENCY) is Outcome.UNDECIDED


def test_a_late_verdict_of_worse_comes_before_an_early_one_of_not_worse() -> None:
    blocks = [block(tally(40), tally(40))] * 300 + [block(tally(48), tally(40))] * 60
    assert verdict(after(blocks[:300])) is Outcome.NOT_WORSE
    assert verdict(after(blocks)) is Outcome.WORSE


def test_the_risk_is_split_among_aspects() -> None:
    alone = Rules(aspects=(Aspect.LATENCY,))
    blocks = [block(tally(42), tally(40))] * 100
    first_alone = next(
        n for n in range(100) if verdict(after(blocks[:n], alone), alone) is Outcome.WORSE
    )
    first = next(n for n in range(100) if verdict(after(blocks[:n])) is Outcome.WORSE)
    assert first_alone < first
    assert set(after(blocks[:1], alone).trials) == {Aspect.LATENCY}


def test_margins_can_be_set() -> None:
    wide = Rules(margins={Pairing.SIDE_BY_SIDE: Margins(latency=8, tail=8, errors=0.1)})
    found = after([block(tally(45, errors=5), tally(40))] * 300, wide)
    assert verdict(found, wide) is Outcome.NOT_WORSE


@pytest.mark.parametrize("empty", [block(NOTHING, tally(40)), block(tally(40), NOTHING)])
def test_a_block_of_one_revision_alone_tells_nothing(empty: Block) -> None:
    found = after([empty])
    assert all(trial.blocks == 0 for trial in found.trials.values())


def test_sums_and_the_beginning_are_kept() -> None:
    found = after(
        [
            block(tally(40, errors=1), tally(40), minute=5),
            block(tally(40, errors=2), tally(40, errors=3), minute=3),
        ]
    )
    assert found.candidate == Sums(200, 3)
    assert found.stable == Sums(200, 3)
    assert found.since == START + timedelta(minutes=3)


def test_it_is_known_since_when_an_outcome_stands() -> None:
    blocks = [block(tally(42), tally(40), minute=minute) for minute in range(100)]
    shown = next(n for n in range(100) if verdict(after(blocks[:n])) is Outcome.WORSE)
    found = after(blocks).trials
    assert found[Aspect.LATENCY].since == START + timedelta(minutes=shown - 1)
    assert found[Aspect.TAIL].since == START
    assert begun().trials[Aspect.LATENCY].since is None


@given(buckets=st.lists(st.integers(36, 44), min_size=1, max_size=30), worse=st.integers(2, 8))
def test_it_does_not_matter_how_unequal_satellites_are(buckets: list[int], worse: int) -> None:
    """Every block is compared within its satellite: only the difference counts."""
    unequal = after([block(tally(b + worse), tally(b)) for b in buckets])
    equal = after([block(tally(40 + worse), tally(40)) for _ in buckets])
    for aspect in Aspect:
        assert unequal.trials[aspect].worse.log == pytest.approx(equal.trials[aspect].worse.log)
