from datetime import UTC, datetime, timedelta

import pytest

from perigee_operator.domain.analysis.explanation import Explanation
from perigee_operator.domain.analysis.finding import Finding, decided
from perigee_operator.domain.analysis.verdict import (
    ALL_HOLD,
    Action,
    Policies,
    Policy,
    Reaction,
    Verdict,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
PATIENT = Policies(no_data=Policy(Reaction.CONTINUE, 600))


def finding(verdict: Verdict, policies: Policies = ALL_HOLD, lasted_s: float = 0) -> Finding:
    explanation = Explanation(f"It ({verdict.value})", verdict, "so")
    return Finding.by(policies, explanation, START, START + timedelta(seconds=lasted_s))


@pytest.mark.parametrize(
    ("verdicts", "action"),
    [
        ([], Action.ADVANCE),
        ([Verdict.PASS, Verdict.PASS], Action.ADVANCE),
        ([Verdict.PASS, Verdict.RUNNING], Action.HOLD),
        ([Verdict.NO_DATA, Verdict.PASS], Action.HOLD),
        ([Verdict.SOURCE_DOWN, Verdict.SOURCE_DOWN], Action.HOLD),
        ([Verdict.SOURCE_DOWN, Verdict.FAIL, Verdict.PASS], Action.ABORT),
    ],
)
def test_the_worst_finding_decides(verdicts: list[Verdict], action: Action) -> None:
    decision = decided(finding(verdict) for verdict in verdicts)
    assert decision.action is action
    assert {each.verdict for each in decision.because} == {
        verdict for verdict in verdicts if finding(verdict).action is action
    }


def test_it_says_why() -> None:
    decision = decided([finding(Verdict.PASS), finding(Verdict.FAIL)])
    assert decision.message == "It (Fail) has failed: so."


def test_patience_runs_out() -> None:
    waiting = decided([finding(Verdict.NO_DATA, PATIENT, 100), finding(Verdict.PASS)])
    assert waiting.action is Action.HOLD
    assert waiting.next_change_s == 500
    late = decided([finding(Verdict.NO_DATA, PATIENT, 700), finding(Verdict.PASS)])
    assert late.action is Action.ADVANCE
    assert late.next_change_s is None
