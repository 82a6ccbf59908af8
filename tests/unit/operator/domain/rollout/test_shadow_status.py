from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at
from perigee_api.shadow import (
    LONGEST_SHADOW_EVIDENCE,
    LONGEST_SHADOW_TERMS,
    SHADOWING_SATELLITES,
    Shadow,
    ShadowStatus,
)
from perigee_operator.domain.analysis.agreement import Agreement, ShadowTally, outcome, with_block
from perigee_operator.domain.analysis.compared import Shadowed
from perigee_operator.domain.rollout.shadow_status import (
    WRITTEN_EVERY,
    begun_status,
    is_news,
    key_of,
    shadowed_of,
    status_of,
)
from perigee_operator.domain.rollout.shadow_terms import read, recalled

TERMS = read(Shadow())
BEGUN = begun_status(1, TERMS, at(0.7))
BLOCKS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(0, 5), st.integers(0, 9)),
    min_size=1,
    max_size=30,
)


def after(*blocks: tuple[str, int, int, int], agreement: Agreement | None = None) -> Shadowed:
    found = agreement or Agreement()
    for number, (node, agreed, differing, failed) in enumerate(blocks):
        tally = ShadowTally(agreed + differing, agreed, failed, 1)
        found = with_block(found, node, at(480 * number), tally, TERMS.rules)
    return Shadowed(key_of(BEGUN), found, at(480 * len(blocks)) if blocks else None)


def written(fresh: Shadowed) -> ShadowStatus:
    """As it comes back from the API server."""
    status = status_of(BEGUN, TERMS.rules, fresh)
    return ShadowStatus.model_validate_json(status.model_dump_json(by_alias=True))


@given(blocks=BLOCKS, more=BLOCKS)
def test_what_is_written_is_gone_on_from_and_no_wealth_grows_by_it(
    blocks: list[tuple[str, int, int, int]], more: list[tuple[str, int, int, int]]
) -> None:
    fresh = after(*blocks)
    told = shadowed_of(written(fresh))
    assert (told.key, told.last_heard) == (fresh.key, fresh.last_heard)
    assert told.agreement.tally == fresh.agreement.tally
    assert list(told.agreement.places) == list(fresh.agreement.places)
    one = after(*more, agreement=told.agreement).agreement
    other = after(*more, agreement=fresh.agreement).agreement
    assert one.worse.log <= other.worse.log + 1e-9
    assert one.fine.log <= other.fine.log + 1e-9
    for node, place in one.places.items():
        assert place.tally.answers == other.places[node].tally.answers
        assert place.worse.log <= other.places[node].worse.log + 1e-9


@pytest.mark.parametrize("evidence", ["", "nonsense", "{}", '{"worse": 1}'])
def test_where_it_is_damaged_it_begins_without_a_block(evidence: str) -> None:
    status = written(after(("a", 30, 1, 0))).model_copy(update={"evidence": evidence})
    assert shadowed_of(status).agreement == Agreement()


def test_as_many_satellites_as_are_told_apart_fit_into_it() -> None:
    blocks = [(f"satellite-{n}", 999, n % 3, n % 7) for n in range(SHADOWING_SATELLITES + 9)] * 7
    status = written(after(*blocks))
    assert len(status.satellites) == SHADOWING_SATELLITES
    assert len(status.evidence) < LONGEST_SHADOW_EVIDENCE


def test_news_is_what_something_follows_from_or_what_is_due() -> None:
    first = after(("a", 30, 0, 0))
    assert is_news(BEGUN, TERMS.rules, first)
    kept = written(first)
    soon = Shadowed(first.key, after(("a", 60, 0, 0)).agreement, at(481))
    assert not is_news(kept, TERMS.rules, soon)
    due = Shadowed(first.key, soon.agreement, at(480) + WRITTEN_EVERY)
    assert is_news(kept, TERMS.rules, due)
    shown = after(*[("a", 60, 0, 0)] * 20).agreement
    assert outcome(shown, TERMS.rules) is not outcome(first.agreement, TERMS.rules)
    assert is_news(kept, TERMS.rules, Shadowed(first.key, shown, at(480) + timedelta(seconds=1)))


@pytest.mark.parametrize(
    "written_step",
    [
        Shadow(),
        Shadow.model_validate(
            {
                "percent": 100,
                "agreement": 0.9999,
                "requestsPerSatellite": 100_000,
                "onNoData": {"action": "Continue", "after": 31_536_000},
                "onInconclusive": {"action": "Continue", "after": 31_536_000},
            }
        ),
    ],
)
def test_the_step_is_recalled_from_the_status(written_step: Shadow) -> None:
    terms = read(written_step)
    assert len(terms.text) <= LONGEST_SHADOW_TERMS
    assert recalled(begun_status(0, terms, at(0))) == written_step


def test_another_share_is_the_same_judgement() -> None:
    assert read(Shadow(percent=5)).digest == read(Shadow(percent=50)).digest
    assert read(Shadow(agreement=0.9)).digest != read(Shadow()).digest
