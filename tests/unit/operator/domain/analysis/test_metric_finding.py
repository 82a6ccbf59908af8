from datetime import UTC, datetime, timedelta

from perigee_operator.domain.analysis.expression import parsed
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.metric_finding import metric_finding
from perigee_operator.domain.analysis.record import (
    Measurement,
    Record,
    Result,
    measured,
    source_down,
)
from perigee_operator.domain.analysis.verdict import Action, Policies, Policy, Reaction, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
BOTH = Metric(
    "slow",
    parsed("value < 0.05"),
    parsed("value > 0.1"),
    interval_s=60,
    count=3,
    failure_limit=1,
    policies=Policies(source_down=Policy(Reaction.CONTINUE, 300)),
)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def record(*values: float | None, metric: Metric = BOTH) -> Record:
    found = Record(START)
    for minute, value in enumerate(values):
        found = found.after(metric, measured(metric, value, at(minute)))
    return found


def test_a_failure_names_the_condition_the_limit_and_since_when() -> None:
    found = metric_finding(BOTH, record(0.01, 0.2, 0.3), at(9))
    assert found.action is Action.ABORT
    assert found.explanation.sentence == (
        "Metric slow has failed: more failures than failureLimit allows, by failureCondition "
        "value > 0.1 (failures 2, failureLimit 1, measurements 3, last value 0.3), since "
        "2026-01-01 00:02:00 UTC."
    )


def test_without_a_failure_condition_it_is_the_other_that_did_not_hold() -> None:
    metric = Metric("slow", parsed("value < 0.05"))
    sentence = metric_finding(metric, record(0.06, metric=metric), at(1)).explanation.sentence
    assert "by successCondition value < 0.05" in sentence


def test_what_a_job_failed_by_stands_for_a_condition() -> None:
    metric = Metric("accepted", by_exit_status=True)
    failed = Measurement(at(1), Result.FAIL, fault="Job m-1: container test has ended with 3")
    sentence = metric_finding(
        metric, Record(START).after(metric, failed), at(1)
    ).explanation.sentence
    assert (
        "has failed: more failures than failureLimit allows: Job m-1: container test has ended "
        "with 3 (failures 1, failureLimit 0, measurements 1), since" in sentence
    )


def test_a_pass_and_a_wait() -> None:
    passed = metric_finding(BOTH, record(0.01, 0.02, 0.03), at(9))
    assert (passed.action, passed.verdict) == (Action.ADVANCE, Verdict.PASS)
    waits = metric_finding(BOTH, record(0.01), at(9))
    assert (waits.action, waits.verdict) == (Action.HOLD, Verdict.RUNNING)
    assert "measurements 1" in waits.explanation.sentence


def test_neither_condition_is_for_a_human() -> None:
    found = metric_finding(BOTH, record(0.07), at(9))
    assert (found.action, found.verdict) == (Action.HOLD, Verdict.INCONCLUSIVE)
    assert "inconclusive 1, inconclusiveLimit 0, last value 0.07" in found.explanation.sentence


def test_too_few_successes_in_a_row_are_for_a_human() -> None:
    metric = Metric(
        "slow",
        parsed("value < 0.05"),
        interval_s=60,
        count=3,
        failure_limit=None,
        consecutive_success_limit=2,
    )
    found = metric_finding(metric, record(0.01, 0.2, 0.01, metric=metric), at(9))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "in a row 1, consecutiveSuccessLimit 2" in found.explanation.sentence


def test_a_source_that_is_down_is_waited_for_from_when_it_went_down() -> None:
    down: tuple[Measurement, ...] = tuple(source_down(at(minute)) for minute in (10, 11, 12))
    found = record(0.01)
    for each in down:
        found = found.after(BOTH, each)
    held = metric_finding(BOTH, found, at(12))
    assert (held.action, held.next_change_s) == (Action.HOLD, 180)
    assert "since 2026-01-01 00:10:00 UTC" in held.explanation.sentence
    assert metric_finding(BOTH, found, at(15)).action is Action.ADVANCE


def test_what_was_never_measured_waits_since_it_began() -> None:
    found = metric_finding(BOTH, Record(START), at(1))
    assert found.explanation.sentence == (
        "Metric slow is being measured: more measurements are needed (failures 0, "
        "measurements 0), since 2026-01-01 00:00:00 UTC."
    )


def test_a_source_that_says_why_is_quoted() -> None:
    found = Record(at(0)).after(BOTH, source_down(at(1), "connection refused"))
    sentence = metric_finding(BOTH, found, at(1)).explanation.sentence
    assert "cannot be measured: its source does not answer: connection refused" in sentence
