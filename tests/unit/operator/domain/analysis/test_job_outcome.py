from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.expression import parsed
from perigee_operator.domain.analysis.job_outcome import (
    HELD_UP_AGAIN_S,
    LONGEST_LOOK_S,
    RETRY_S,
    STARTS_WITHIN_S,
    ContainerEnd,
    Ending,
    JobRun,
    PodRun,
    is_spent,
    look,
)
from perigee_operator.domain.analysis.metric import Metric
from perigee_operator.domain.analysis.record import Record, Result

START = datetime(2026, 1, 1, tzinfo=UTC)
BY_STATUS = Metric("accepted", by_exit_status=True)
BY_VALUE = Metric("score", parsed("value >= 0.9"), parsed("value < 0.5"), by_exit_status=True)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def end(exit_status: int = 0, message: str = "", reason: str = "") -> ContainerEnd:
    return ContainerEnd("test", exit_status, reason, message)


def pod(*ends: ContainerEnd, seconds: float = 0) -> PodRun:
    return PodRun(at(seconds), ends)


def job(*pods: PodRun, ending: Ending | None = None, reason: str = "") -> JobRun:
    return JobRun("m-1", START, pods, ending, at(30) if ending else None, reason)


def complete(*messages: str) -> JobRun:
    return job(*(pod(end(message=each)) for each in messages), ending=Ending.COMPLETE)


def failed(*pods: PodRun, reason: str = "BackoffLimitExceeded") -> JobRun:
    return job(*pods, ending=Ending.FAILED, reason=reason)


@pytest.mark.parametrize(
    ("metric", "run", "result", "value"),
    [
        (BY_STATUS, complete(""), Result.PASS, None),
        (BY_STATUS, complete("value 0.1"), Result.PASS, 0.1),
        (BY_STATUS, job(ending=Ending.COMPLETE), Result.PASS, None),
        (BY_VALUE, complete("value 0.93"), Result.PASS, 0.93),
        (BY_VALUE, complete("all is well\n value\t9e-1 \r\nbye"), Result.PASS, 0.9),
        (BY_VALUE, complete("value 0.7"), Result.INCONCLUSIVE, 0.7),
        (BY_VALUE, complete("value 0.2"), Result.FAIL, 0.2),
        (BY_VALUE, complete("value 0.95\nvalue 0.2\nvalue 0.7"), Result.FAIL, 0.2),
        (BY_VALUE, complete("value 0.95", "value 0.7"), Result.INCONCLUSIVE, 0.7),
        (BY_VALUE, complete("value many\nvalue 0.9"), Result.PASS, 0.9),
        (BY_VALUE, complete("value NaN"), Result.NO_DATA, None),
        (BY_VALUE, complete("the value 0.9", "value 0.9 %"), Result.NO_DATA, None),
        (BY_VALUE, complete(), Result.NO_DATA, None),
        (BY_VALUE, failed(pod(end(3, "value 0.93"))), Result.FAIL, None),
        (BY_STATUS, failed(pod(end(1))), Result.FAIL, None),
        (BY_STATUS, failed(pod(end(0), end(1, reason="Error"))), Result.FAIL, None),
    ],
)
def test_what_a_job_says(metric: Metric, run: JobRun, result: Result, value: float | None) -> None:
    measurement = look(metric, run, at(40)).measurement
    assert measurement is not None
    assert (measurement.result, measurement.value) == (result, value)


def test_a_failure_tells_which_container_of_which_job() -> None:
    found = look(BY_STATUS, failed(pod(end(3))), at(40))
    assert found.measurement is not None
    assert found.measurement.fault == "Job m-1: container test has ended with 3"
    assert found.again_s is None


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (failed(reason="DeadlineExceeded"), "it has passed its deadline"),
        (
            failed(replace(pod(), waiting="ImagePullBackOff: no"), reason="DeadlineExceeded"),
            "it has passed its deadline; ImagePullBackOff: no",
        ),
        (failed(pod(end(1)), reason="DeadlineExceeded"), "it has passed its deadline"),
        (failed(), "no Pod of it has told an exit status"),
        (failed(pod(end(137, reason="OOMKilled"))), "container test: OOMKilled"),
        (failed(pod(end(128, reason="StartError"))), "container test: StartError"),
        (failed(replace(pod(end(143)), disrupted="Evicted: disk")), "Evicted: disk"),
        (
            failed(PodRun(START, init_ends=(ContainerEnd("fetch", 7),))),
            "init container fetch has ended with 7",
        ),
        # Of several tries the last counts.
        (failed(pod(end(1)), pod(end(137, reason="OOMKilled"), seconds=9)), "OOMKilled"),
    ],
)
def test_what_keeps_a_test_from_its_end_says_nothing_of_the_candidate(
    run: JobRun, words: str
) -> None:
    found = look(BY_STATUS, run, at(40))
    assert found.measurement is not None
    assert found.measurement.result is Result.SOURCE_DOWN
    assert words in found.measurement.fault
    assert found.again_s == RETRY_S
    often = replace(BY_STATUS, interval_s=3600, count=2)
    assert look(often, run, at(40)).again_s == 3600


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (job(), "no Pod of it could be made"),
        (replace(job(), suspended=True), "it is suspended"),
        (job(replace(pod(), unplaced="Unschedulable: 0/3")), "no Node takes its Pod: Unsched"),
        (job(replace(pod(), waiting="ErrImagePull: x")), "ErrImagePull: x"),
    ],
)
def test_what_does_not_start_is_told_after_a_while_and_looked_at_on(
    run: JobRun, words: str
) -> None:
    assert look(BY_STATUS, run, at(STARTS_WITHIN_S - 1)).measurement is None
    found = look(BY_STATUS, run, at(STARTS_WITHIN_S))
    assert found.measurement is not None
    assert found.measurement.result is Result.SOURCE_DOWN
    assert words in found.measurement.fault
    assert found.again_s == HELD_UP_AGAIN_S


@pytest.mark.parametrize("waiting", ["", "ContainerCreating", "PodInitializing"])
@given(age_s=st.floats(-3600, 1e6))
def test_what_runs_is_looked_at_more_seldom_the_longer_it_runs(waiting: str, age_s: float) -> None:
    found = look(BY_STATUS, job(replace(pod(), waiting=waiting)), at(age_s))
    assert found.measurement is None
    assert found.again_s is not None
    assert 1 <= found.again_s <= LONGEST_LOOK_S


def test_a_job_without_an_answer_is_spent_once_it_was_counted() -> None:
    out_of_memory = failed(pod(end(137, reason="OOMKilled")))
    record = Record(START)
    assert not is_spent(BY_STATUS, out_of_memory, record)
    for seconds, counted in ((20, False), (40, True)):
        measurement = look(BY_STATUS, out_of_memory, at(seconds)).measurement
        assert measurement is not None
        noted = record.after(BY_STATUS, measurement)
        assert is_spent(BY_STATUS, out_of_memory, noted) is counted
        assert not is_spent(BY_STATUS, failed(pod(end(1))), noted), "its answer counts"
        assert not is_spent(BY_STATUS, complete(""), noted)
        assert not is_spent(BY_STATUS, job(), noted)
