import math
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.expression import Expression, parsed
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.record import (
    RETRY_S,
    Measurement,
    Record,
    Result,
    all_measured,
    due_s,
    measured,
    source_down,
    verdict,
)
from perigee_operator.domain.analysis.verdict import Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_S = 60
LETTERS: Final = {
    "p": Result.PASS,
    "f": Result.FAIL,
    "i": Result.INCONCLUSIVE,
    "n": Result.NO_DATA,
    "d": Result.SOURCE_DOWN,
}
RESULTS = st.text("pfind", max_size=30)
ENDLESS = Metric("slow", parsed("value < 0.05"), interval_s=EVERY_S)
FIVE = Metric("slow", parsed("value < 0.05"), interval_s=EVERY_S, count=5)


def at(number: int) -> datetime:
    return START + timedelta(seconds=EVERY_S * number)


def record(metric: Metric, results: str) -> Record:
    found = Record(START)
    for number, letter in enumerate(results):
        found = found.after(metric, Measurement(at(number), LETTERS[letter], None))
    return found


def condition(text: str | None) -> Expression | None:
    return parsed(text) if text else None


@pytest.mark.parametrize(
    ("success", "failure", "value", "result"),
    [
        ("value < 1", None, 0.5, Result.PASS),
        ("value < 1", None, 1.5, Result.FAIL),
        (None, "value > 1", 0.5, Result.PASS),
        (None, "value > 1", 1.5, Result.FAIL),
        ("value < 1", "value > 2", 0.5, Result.PASS),
        ("value < 1", "value > 2", 1.5, Result.INCONCLUSIVE),
        ("value < 1", "value > 2", 2.5, Result.FAIL),
        ("value < 9", "value > 2", 2.5, Result.FAIL),
        ("value < 1", None, None, Result.NO_DATA),
        (None, "value > 1", float("nan"), Result.NO_DATA),
        (None, "value > 1", float("inf"), Result.FAIL),
    ],
)
def test_a_value_is_judged_by_both_conditions(
    success: str | None, failure: str | None, value: float | None, result: Result
) -> None:
    metric = Metric("slow", condition(success), condition(failure))
    assert measured(metric, value, START).result is result


@pytest.mark.parametrize(
    ("metric", "results", "found"),
    [
        (ENDLESS, "", Verdict.RUNNING),
        (ENDLESS, "ppppp", Verdict.RUNNING),
        (ENDLESS, "ppf", Verdict.FAIL),
        (ENDLESS, "pfppppp", Verdict.FAIL),
        (ENDLESS, "ppi", Verdict.INCONCLUSIVE),
        (ENDLESS, "ppn", Verdict.NO_DATA),
        (ENDLESS, "ppd", Verdict.SOURCE_DOWN),
        (ENDLESS, "dddddddd", Verdict.SOURCE_DOWN),
        (ENDLESS, "ddn", Verdict.NO_DATA),
        (ENDLESS, "ddp", Verdict.RUNNING),
        (FIVE, "pppp", Verdict.RUNNING),
        (FIVE, "ppppp", Verdict.PASS),
        (FIVE, "ppppnnnd", Verdict.SOURCE_DOWN),
        (FIVE, "ppppnnndp", Verdict.PASS),
        (FIVE, "pppppn", Verdict.PASS),
        (FIVE, "pppppf", Verdict.FAIL),
    ],
)
def test_what_is_found(metric: Metric, results: str, found: Verdict) -> None:
    assert verdict(metric, record(metric, results)) is found


@pytest.mark.parametrize(
    ("limit", "results", "found"),
    [
        (2, "ffppp", Verdict.PASS),
        (2, "fff", Verdict.FAIL),
        (2, "ffpfp", Verdict.FAIL),
        (None, "fffff", Verdict.PASS),
    ],
)
def test_failures_up_to_the_limit_are_allowed(
    limit: int | None, results: str, found: Verdict
) -> None:
    metric = Metric("slow", parsed("value < 1"), interval_s=EVERY_S, count=5, failure_limit=limit)
    assert verdict(metric, record(metric, results)) is found


@pytest.mark.parametrize(
    ("limit", "results", "found"),
    [(1, "iippp", Verdict.INCONCLUSIVE), (1, "ipppp", Verdict.PASS), (None, "iiiii", Verdict.PASS)],
)
def test_inconclusive_ones_up_to_the_limit_are_allowed(
    limit: int | None, results: str, found: Verdict
) -> None:
    metric = Metric(
        "slow", parsed("value < 1"), interval_s=EVERY_S, count=5, inconclusive_limit=limit
    )
    assert verdict(metric, record(metric, results)) is found


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ("ppp", Verdict.PASS),
        ("pfpp", Verdict.RUNNING),
        ("pfppp", Verdict.PASS),
        ("ppndp", Verdict.PASS),
        ("pfpfppff", Verdict.INCONCLUSIVE),
    ],
)
def test_successes_in_a_row_are_enough(results: str, found: Verdict) -> None:
    metric = Metric(
        "slow",
        parsed("value < 1"),
        interval_s=EVERY_S,
        count=8,
        failure_limit=None,
        consecutive_success_limit=3,
    )
    assert verdict(metric, record(metric, results)) is found


@given(results=RESULTS)
def test_silence_and_a_source_that_is_down_never_fail(results: str) -> None:
    silent = results.replace("f", "n").replace("i", "d")
    for metric in (ENDLESS, FIVE):
        assert verdict(metric, record(metric, silent)) not in {Verdict.FAIL, Verdict.INCONCLUSIVE}


@given(results=RESULTS, position=st.integers(0, 30))
def test_nor_do_they_change_what_values_say(results: str, position: int) -> None:
    values = results.replace("n", "").replace("d", "")
    interrupted = values[:position] + "nd" + values[position:] + "p"
    for metric in (ENDLESS, FIVE):
        assert verdict(metric, record(metric, interrupted)) is verdict(
            metric, record(metric, values + "p")
        )


@given(results=RESULTS, more=RESULTS)
def test_what_has_failed_stays_failed(results: str, more: str) -> None:
    for metric in (ENDLESS, FIVE):
        if verdict(metric, record(metric, results)) is Verdict.FAIL:
            assert verdict(metric, record(metric, results + more)) is Verdict.FAIL


@given(results=RESULTS.filter(bool))
def test_it_says_since_when(results: str) -> None:
    found = record(FIVE, results)
    verdicts = [verdict(FIVE, record(FIVE, results[: n + 1])) for n in range(len(results))]
    same = next(n for n in range(len(verdicts)) if len(set(verdicts[n:])) == 1)
    assert found.since == at(same)


def test_the_last_value_outlives_silence() -> None:
    found = Record(START).after(FIVE, measured(FIVE, 0.01, at(0)))
    found = found.after(FIVE, measured(FIVE, None, at(1))).after(FIVE, source_down(at(2)))
    assert found.last_value == 0.01
    assert found.last == source_down(at(2))
    assert found.conclusive == 1


@pytest.mark.parametrize(
    ("interval_s", "results", "waits_s"),
    [
        (None, "", 0),
        (None, "p", None),
        (None, "n", RETRY_S - 4),
        (None, "d", RETRY_S - 4),
        (EVERY_S, "p", EVERY_S - 4),
        (EVERY_S, "ppppppp", EVERY_S - 4),
        (2, "p", 0),
    ],
)
def test_when_to_measure_again(
    interval_s: float | None, results: str, waits_s: float | None
) -> None:
    metric = Metric("slow", parsed("value < 1"), interval_s=interval_s)
    found = record(metric, results)
    now = (found.last.at if found.last else START) + timedelta(seconds=4)
    assert due_s(metric, found, now) == waits_s


@pytest.mark.parametrize(
    ("values", "result", "value"),
    [
        ([], Result.NO_DATA, None),
        ([math.nan, math.nan], Result.NO_DATA, None),
        ([0.5], Result.PASS, 0.5),
        ([0.5, math.nan], Result.PASS, 0.5),
        ([0.5, 1.5, 0.25], Result.INCONCLUSIVE, 1.5),
        ([0.5, 1.5, 2.5, 3.5], Result.FAIL, 2.5),
        ([math.inf, 0.5], Result.FAIL, math.inf),
    ],
)
def test_of_several_values_the_worst_counts(
    values: list[float], result: Result, value: float | None
) -> None:
    metric = Metric("slow", parsed("value < 1"), parsed("value > 2"))
    assert all_measured(metric, values, at(0)) == Measurement(at(0), result, value)
