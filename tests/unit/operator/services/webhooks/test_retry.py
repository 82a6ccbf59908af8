"""When an attempt is made again, and when it is not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.services.webhooks.retry import (
    FIRST_PAUSE_S,
    LONGEST_ASKED_PAUSE_S,
    LONGEST_PAUSE_S,
    Delivery,
    asked_pause_s,
    judged,
    pause_s,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHANCE = st.floats(0, 1)


@pytest.mark.parametrize(
    ("status", "settled"),
    [
        (200, Delivery.SENT),
        (204, Delivery.SENT),
        (301, Delivery.REFUSED),
        (307, Delivery.REFUSED),
        (400, Delivery.REFUSED),
        (401, Delivery.REFUSED),
        (404, Delivery.REFUSED),
        (408, Delivery.REFUSED),
        (410, Delivery.REFUSED),
        (429, None),
        (500, None),
        (503, None),
        (599, None),
        (999, Delivery.REFUSED),
    ],
)
def test_what_an_answer_means(status: int, settled: Delivery | None) -> None:
    attempt = judged(status, None, NOW)
    assert attempt.settled is settled
    assert (attempt.why == "") == (settled is Delivery.SENT)


@pytest.mark.parametrize(
    ("header", "asked_s"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0),
        (" 30 ", 30),
        ("86400", LONGEST_ASKED_PAUSE_S),
        ("9" * 5000, LONGEST_ASKED_PAUSE_S),
        ("Sun, 01 Mar 2026 12:00:07 GMT", 7),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:00:07 -0000", 7),
        ("Sun, 01 Mar 2026 12:00:07 +99999999999999", None),
    ],
)
def test_how_long_a_receiver_asks_to_be_left_alone(
    header: str | None, asked_s: float | None
) -> None:
    assert asked_pause_s(header, NOW) == asked_s
    assert judged(429, header, NOW).asked_s == asked_s


@given(st.text())
def test_any_header_is_an_answer(header: str) -> None:
    asked_s = asked_pause_s(header, NOW)
    assert asked_s is None or 0 <= asked_s <= LONGEST_ASKED_PAUSE_S


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [pause_s(failures, None, 1) for failures in range(1, 9)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


@given(st.integers(1, 10**6), st.none() | st.floats(0, LONGEST_ASKED_PAUSE_S), CHANCE)
def test_pauses_are_bounded_and_never_shorter_than_asked(
    failures: int, asked_s: float | None, random: float
) -> None:
    pause = pause_s(failures, asked_s, random)
    assert FIRST_PAUSE_S / 2 <= pause <= max(LONGEST_PAUSE_S, asked_s or 0)
    assert pause >= (asked_s or 0)


@given(st.integers(1, 20), CHANCE, CHANCE)
def test_more_failures_never_mean_an_earlier_return_than_half_of_it(
    failures: int, one: float, other: float
) -> None:
    assert pause_s(failures + 1, None, one) >= pause_s(failures, None, other) / 2
