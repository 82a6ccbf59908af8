from datetime import UTC, datetime

import pytest

from perigee_operator.domain.analysis.explanation import Explanation, Figure
from perigee_operator.domain.analysis.verdict import Verdict


def test_one_sentence_says_the_rule_the_figures_and_since_when() -> None:
    explanation = Explanation(
        "Metric slow",
        Verdict.FAIL,
        "more failures than failureLimit allows",
        (Figure("failures", 3), Figure("last value", 0.0812345), Figure("share", 12.5, "%")),
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    assert explanation.sentence == (
        "Metric slow has failed: more failures than failureLimit allows "
        "(failures 3, last value 0.08123, share 12.5 %), since 2026-01-02 03:04:05 UTC."
    )


def test_what_is_not_known_is_left_out() -> None:
    explanation = Explanation("Metric slow", Verdict.RUNNING, "more measurements are needed")
    assert explanation.sentence == "Metric slow is being measured: more measurements are needed."


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_its_words(verdict: Verdict) -> None:
    assert Explanation("It", verdict, "so").sentence.startswith("It ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "of 0"),
        (1234567, "of 1,234,567"),
        (0.00051, "of 0.00051"),
        (99.95, "of 99.95"),
        (1234.56, "of 1,235"),
        (float("inf"), "of inf"),
    ],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert str(Figure("of", value)) == text
