import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.telemetry_days import MAX_DAYS, MAX_RESTARTS
from perigee_operator.domain.trends.maintenance import RESTARTS_CHANCE
from perigee_operator.domain.trends.restarts import chance_of_more, more_restarts

QUIET: list[int | None] = [0] * 7


@pytest.mark.parametrize(
    ("restarts", "was", "found"),
    [
        ([*QUIET, 3], False, False),
        ([*QUIET, 4], False, True),
        # What was found stands until few are left, even if the week before catches up.
        ([*QUIET, 9, 8, 8, 8], False, False),
        ([*QUIET, 9, 8, 8, 8], True, True),
        ([*QUIET, 9, 3], True, False),
        # A rate that was high before is no news.
        ([3, 2, 4, 3, 3, 2, 4, 4], False, False),
        ([1, 0, 1, 0, 0, 1, 0, 9], False, True),
        # Too little is known of before.
        ([0, 0, 0, 9], False, False),
        ([0, None, None, None, None, 0, 0, 0, 9], False, False),
        ([0, None, None, 0, 0, 0, 9], False, True),
        # Of the last day nothing is known, or of any.
        ([*QUIET, None], True, False),
        ([], True, False),
    ],
)
def test_more_restarts(restarts: list[int | None], *, was: bool, found: bool) -> None:
    assert (more_restarts(restarts, RESTARTS_CHANCE, was=was) is not None) is found


def test_the_message_has_the_evidence() -> None:
    assert more_restarts([9, 9, 0, 1, 0, 0, None, 1, 0, 8], RESTARTS_CHANCE, was=False) == (
        "It has restarted 8 times in a day, after 2 times in the 6 days before."
    )


def test_the_chance_by_hand() -> None:
    # All three on one certain day of eight.
    assert chance_of_more(3, 0, 7) == pytest.approx(1 / 8**3)
    # Two or three of three on one of two.
    assert chance_of_more(2, 1, 1) == pytest.approx(0.5)
    assert chance_of_more(0, 40, 7) == pytest.approx(1)


@given(st.lists(st.none() | st.integers(0, MAX_RESTARTS), max_size=MAX_DAYS), st.booleans())
def test_fewer_restarts_of_late_are_never_worse(restarts: list[int | None], was: bool) -> None:  # noqa: FBT001 - given
    if restarts and restarts[-1] and more_restarts(restarts, RESTARTS_CHANCE, was=was) is None:
        fewer = [*restarts[:-1], restarts[-1] - 1]
        assert more_restarts(fewer, RESTARTS_CHANCE, was=was) is None
