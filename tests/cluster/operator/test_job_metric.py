"""Rollouts that are judged by Jobs; the cluster's own controller runs them, Pods are played."""

from typing import Any

from perigee_api import names
from perigee_operator.domain.kinds import CRON_JOB, INFERENCE_MODEL, JOB, POD
from played import measuring
from played.constellation import Constellation
from played.field import Field, eventually
from played.measuring import end_pod, pods_of_jobs
from played.operator_process import OperatorProcess, Setting
from played.resources import revision

Json = dict[str, Any]


def steps(**metric: Any) -> list[Json]:
    metrics = [measuring.metric(**metric)]
    return [{"wave": {"count": 1}}, {"analysis": {"metrics": metrics}}]


async def begin(field: Field, rollout_steps: list[Json]) -> None:
    """The first revision serves, and the second is asked for."""
    await field.add_satellites()
    await field.add_model(rollout={"steps": rollout_steps})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
    await field.ask_for("b")


async def jobs(field: Field) -> list[Json]:
    return await field.access.list(JOB, field.sky.namespace, names.SERIES_LABEL)


def number(job: Json) -> str:
    found: str = job["metadata"]["annotations"][names.MEASUREMENT_ANNOTATION]
    return found


async def pod_of(field: Field, measurement: int, of_revision: str) -> Json:
    """The Pod of a measurement's Job, once there is one."""

    async def look() -> list[Json]:
        namespace = field.sky.namespace
        return await pods_of_jobs(field.access, namespace, of_revision, number=measurement)

    (pod,) = await eventually(look, bool)
    assert isinstance(pod, dict)
    return pod


async def test_jobs_decide_and_what_runs_is_stopped_with_the_rollout(field: Field) -> None:
    access, namespace = field.access, field.sky.namespace
    await measuring.add_cron_job(access, namespace, labels={})
    await begin(field, steps(successCondition="value >= 0.9", interval=1, count=2))

    status = await field.model_comes_to(phase="Waiting", candidate_revision=revision("b"))
    assert "CronJob acceptance has no label perigee.space/analysis=true" in status["message"]
    assert not await jobs(field)
    consent = {"metadata": {"labels": measuring.CONSENT}}
    await access.patch(CRON_JOB, "acceptance", consent, namespace)

    for measurement in (1, 2):
        pod = await pod_of(field, measurement, revision("b"))
        told = {row["name"]: row["value"] for row in pod["spec"]["containers"][0]["env"]}
        assert told["PERIGEE_CANDIDATE"] == revision("b")
        assert told["PERIGEE_STABLE"] == revision("a")
        await end_pod(access, pod, 0, "value 0.93")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))

    # Of the next one a metric fails while the other's Job runs.
    both = steps()
    both[1]["analysis"]["metrics"].append(measuring.metric("slow"))
    await field.change_model({"rollout": {"steps": both}})
    await field.ask_for("c")

    async def of_metric(metric: str) -> list[Json]:
        selector = f"{names.REVISION_LABEL}={revision('c')},{names.METRIC_LABEL}={metric}"
        return await access.list(JOB, namespace, selector)

    await eventually(lambda: of_metric("slow"), bool)
    (job,) = await eventually(lambda: of_metric("accepted"), bool)
    await end_pod(access, await pod_of(field, 1, revision("c")), 3)
    status = await field.model_comes_to(phase="Degraded", stable_revision=revision("b"))
    words = f"allows: Job {job['metadata']['name']}: container test has ended with 3"
    assert words in status["aborted"]["message"]
    await eventually(lambda: of_metric("slow"), lambda found: not found)
    assert await of_metric("accepted"), "its logs can be read"

    field.sky.serving.end("m")
    await access.delete(INFERENCE_MODEL, "m", namespace)
    await eventually(lambda: jobs(field), lambda found: not found)


async def test_an_operator_that_dies_runs_no_job_twice(
    sky: Constellation, setting: Setting
) -> None:
    field = Field(sky)
    await measuring.add_cron_job(sky.access, sky.namespace)
    operator = OperatorProcess(setting)
    try:
        await begin(field, steps(interval=1, count=2))
        pod = await pod_of(field, 1, revision("b"))
        await operator.kill()
        await end_pod(sky.access, pod, 0)
        operator = OperatorProcess(setting)
        await end_pod(sky.access, await pod_of(field, 2, revision("b")), 0)
        await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
        # With an interval it is measured until the rollout has ended: there may be a third.
        pods = await sky.access.list(POD, sky.namespace, "batch.kubernetes.io/job-name")
        of_jobs = [each["metadata"]["labels"]["batch.kubernetes.io/job-name"] for each in pods]
        assert len(set(of_jobs)) == len(of_jobs) >= 2
        assert pod["metadata"]["uid"] in {each["metadata"]["uid"] for each in pods}
        assert sorted(map(number, await jobs(field)))[:2] == ["1", "2"]
    finally:
        await operator.kill()
