import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perigee_operator.domain.analysis.error_odds import (
    ROW_IF_FINE,
    ROW_IF_WORSE,
    wins_if_fine,
    wins_if_worse,
)
from perigee_operator.domain.analysis.tally import Tally

Bets = Callable[[Tally, Tally, float], tuple[float, ...]]
COUNTS = st.integers(1, 25)
SHARES = st.floats(0, 0.5)
MARGIN = st.floats(0, 0.4)


def likely(n: int, p: float) -> list[float]:
    """The binomial distribution."""
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


@dataclass(frozen=True)
class Odds:
    """Requests to the candidate and the stable revision, and the share of them that fail."""

    n: int
    k: int
    p: float
    q: float
    row: int = 1
    """Errors come in rows of so many: as many requests, and each row fails or does not."""

    def expected(self, bets: Bets, margin: float) -> list[float]:
        """What a block multiplies each bettor's wealth by, on average over all that can happen."""
        sums: list[float] = []
        for errors, chance in enumerate(likely(self.n, self.p)):
            for stable_errors, stable_chance in enumerate(likely(self.k, self.q)):
                wins = bets(
                    Tally(self.row * self.n, self.row * errors),
                    Tally(self.row * self.k, self.row * stable_errors),
                    margin,
                )
                factors = [chance * stable_chance * math.exp(win) for win in wins]
                sums = [a + b for a, b in zip(sums or [0.0] * len(factors), factors, strict=True)]
        return sums


@settings(max_examples=60, deadline=None)
@given(n=COUNTS, k=COUNTS, q=SHARES, margin=MARGIN, less=st.floats(0, 1))
def test_bets_against_a_good_candidate_are_not_won_on_average(
    n: int, k: int, q: float, margin: float, less: float
) -> None:
    p = (q + margin) * less
    assert max(Odds(n, k, p, q).expected(wins_if_worse, margin)) <= 1 + 1e-9


@settings(max_examples=60, deadline=None)
@given(n=COUNTS, k=COUNTS, q=SHARES, margin=MARGIN, more=st.floats(0, 1))
def test_bets_on_a_bad_candidate_are_not_won_on_average(
    n: int, k: int, q: float, margin: float, more: float
) -> None:
    p = q + margin + (1 - q - margin) * more
    assert max(Odds(n, k, p, q).expected(wins_if_fine, margin)) <= 1 + 1e-9


@settings(max_examples=40, deadline=None)
@given(n=COUNTS, k=COUNTS, q=SHARES, margin=MARGIN)
def test_nor_where_errors_come_in_rows(n: int, k: int, q: float, margin: float) -> None:
    p = q + margin
    against, by_absence = Odds(n, k, p, q, ROW_IF_WORSE), Odds(n, k, p, q, ROW_IF_FINE)
    assert max(against.expected(wins_if_worse, margin)) <= 1 + 1e-9
    assert max(by_absence.expected(wins_if_fine, margin)) <= 1 + 1e-9


@given(
    halves=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    errors=st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    ratio=st.integers(1, 5),
)
def test_it_does_not_matter_how_a_block_is_split(
    halves: tuple[int, int], errors: tuple[int, int, int, int], ratio: int
) -> None:
    """Where the share of requests that the candidate gets stays as it is."""
    tallies = [Tally(10 * n, min(e, n)) for n, e in zip(halves, errors[:2], strict=True)]
    stables = [Tally(10 * ratio * n, min(e, n)) for n, e in zip(halves, errors[2:], strict=True)]
    for bets in (wins_if_worse, wins_if_fine):
        parts = [bets(c, s, 0.0025) for c, s in zip(tallies, stables, strict=True)]
        whole = bets(tallies[0] + tallies[1], stables[0] + stables[1], 0.0025)
        assert [sum(both) for both in zip(*parts, strict=True)] == pytest.approx(list(whole))


@given(errors=st.integers(0, 99), n=st.integers(100, 1000), k=st.integers(100, 1000))
def test_one_more_error_speaks_against_the_candidate(errors: int, n: int, k: int) -> None:
    stable = Tally(k, 1)
    fewer, more = Tally(n, errors), Tally(n, errors + 1)
    worse = zip(
        wins_if_worse(more, stable, 0.01)[1:], wins_if_worse(fewer, stable, 0.01)[1:], strict=True
    )
    fine = zip(
        wins_if_fine(more, stable, 0.01)[1:], wins_if_fine(fewer, stable, 0.01)[1:], strict=True
    )
    assert all(a > b for a, b in worse)
    assert all(a < b for a, b in fine)
