from typing import Any

import pytest

from paper_fleet.intents import START
from paper_fleet.views import at
from perigee_operator.domain.analysis.job_outcome import ContainerEnd, Ending, PodRun
from perigee_operator.domain.kinds import JOB
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.services.views.jobs import WORDS_LIMIT, job_run, measuring_job

MOMENT = START.isoformat()


def job(*conditions: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    own = {"name": "m-s-3", "namespace": "space", "uid": "u", "creationTimestamp": MOMENT}
    return {"metadata": own | metadata, "status": {"conditions": list(conditions)}}


def pod(owner: str = "u", **status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "creationTimestamp": MOMENT,
            "ownerReferences": [{"uid": owner, "controller": True}],
        },
        "status": status,
    }


def row(type_: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": type_, "status": status, "lastTransitionTime": at(9).isoformat(), **more}


@pytest.mark.parametrize(
    ("conditions", "ending"),
    [
        ([], None),
        ([row("Complete", "False"), row("FailureTarget")], None),
        ([row("SuccessCriteriaMet"), row("Complete")], Ending.COMPLETE),
        ([row("Failed", reason="DeadlineExceeded")], Ending.FAILED),
    ],
)
def test_how_a_job_has_ended(conditions: list[dict[str, str]], ending: Ending | None) -> None:
    run = job_run(job(*conditions), [])
    assert (run.name, run.created_at, run.ending) == ("m-s-3", START, ending)
    assert run.ended_at == (at(9) if ending else None)
    assert run.reason == ("DeadlineExceeded" if ending is Ending.FAILED else "")
    assert not run.suspended
    assert job_run(job(row("Suspended")), []).suspended


def container(**state: Any) -> dict[str, Any]:
    return {"name": "c", "state": state}


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        ({}, PodRun(START)),
        (
            {
                "containerStatuses": [
                    container(terminated={"exitCode": 3, "reason": "Error", "message": "value 1"}),
                    container(running={}),
                ],
                "initContainerStatuses": [container(terminated={"exitCode": 0})],
            },
            PodRun(
                START,
                ends=(ContainerEnd("c", 3, "Error", "value 1"),),
                init_ends=(ContainerEnd("c", 0),),
            ),
        ),
        (
            {"containerStatuses": [container(waiting={"reason": "ErrImagePull", "message": "x"})]},
            PodRun(START, waiting="ErrImagePull: x"),
        ),
        (
            {"conditions": [row("PodScheduled", "False", reason="Unschedulable", message="0/3")]},
            PodRun(START, unplaced="Unschedulable: 0/3"),
        ),
        ({"conditions": [row("DisruptionTarget")]}, PodRun(START, disrupted="DisruptionTarget")),
        ({"reason": "Evicted", "message": "disk"}, PodRun(START, disrupted="Evicted: disk")),
        ({"reason": "x" * 500}, PodRun(START, disrupted="x" * WORDS_LIMIT)),
        ({"conditions": 5, "containerStatuses": [{"state": {"terminated": 7}}]}, PodRun(START)),
    ],
)
def test_what_a_pod_tells(status: dict[str, Any], seen: PodRun) -> None:
    assert job_run(job(), [pod(**status)]).pods == (seen,)


def test_pods_that_another_controls_are_not_listened_to() -> None:
    assert (
        job_run(job(), [pod("other"), {"metadata": {"ownerReferences": [{"uid": "u"}]}}]).pods == ()
    )


def measures(number: str = "3", **metadata: Any) -> dict[str, Any]:
    return job(
        row("Complete"),
        **{
            "annotations": {"perigee.space/measurement": number},
            "labels": {"perigee.space/series": "s"},
            "ownerReferences": [{"uid": "model", "controller": True}],
        }
        | metadata,
    )


def test_which_measurement_a_job_is() -> None:
    seen = measuring_job(measures())
    assert (seen.key, seen.uid) == (ObjectKey(JOB, "m-s-3", "space"), "u")
    assert (seen.model_uid, seen.series, seen.number, seen.ended) == ("model", "s", 3, True)
    assert not measuring_job(measures() | {"status": {}}).ended


@pytest.mark.parametrize(
    "item",
    [
        measures("three"),
        measures("-1"),
        measures(""),
        measures("1" * 10),
        measures("²"),
        measures(annotations=None),
        measures(ownerReferences=[{"uid": "model"}]),
        measures(uid=""),
    ],
)
def test_what_measures_nothing_cannot_be_viewed(item: dict[str, Any]) -> None:
    with pytest.raises(UnviewableError):
        measuring_job(item)
