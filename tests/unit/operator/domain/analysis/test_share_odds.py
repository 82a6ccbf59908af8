import math

from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.share_odds import ROW, wins_if_above, wins_if_below

ANSWERS = st.integers(1, 60)
LIMIT = st.floats(0.001, 0.5)
SHARE = st.floats(0, 1)


def expected(answers: int, share: float, wins: list[tuple[float, ...]]) -> list[float]:
    """What a block multiplies each bettor's wealth by, on average over all that can happen."""
    chances = [
        math.comb(answers, k) * share**k * (1 - share) ** (answers - k) for k in range(answers + 1)
    ]
    bettors = zip(*wins, strict=True)
    return [
        sum(chance * math.exp(win) for chance, win in zip(chances, each, strict=True))
        for each in bettors
    ]


@given(answers=ANSWERS, limit=LIMIT, share=SHARE)
def test_bets_are_fair_whatever_the_share_is(answers: int, limit: float, share: float) -> None:
    """Answers that differ come in rows as long as they may: that is the worst there can be."""
    counted = [(ROW * differing, ROW * answers, limit) for differing in range(answers + 1)]
    below = limit * share
    assert max(expected(answers, below, [wins_if_above(*c) for c in counted])) <= 1 + 1e-9
    above = limit + (1 - limit) * share
    assert max(expected(answers, above, [wins_if_below(*c) for c in counted])) <= 1 + 1e-9


def test_who_stakes_nothing_keeps_what_he_has() -> None:
    assert wins_if_above(7, 50, 0.02)[0] == wins_if_below(7, 50, 0.02)[0] == 0


def test_more_that_differ_win_for_those_who_bet_on_it() -> None:
    wins = [wins_if_above(differing, 100, 0.02)[-1] for differing in range(5)]
    assert wins == sorted(wins)
    losses = [wins_if_below(differing, 100, 0.02)[-1] for differing in range(5)]
    assert losses == sorted(losses, reverse=True)
