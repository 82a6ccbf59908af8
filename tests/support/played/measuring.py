"""Jobs that measure: what they are made from, and their Pods, which nobody runs but a test."""

from typing import Any

from perigee_api import names
from perigee_operator.domain.kinds import CRON_JOB, JOB, POD
from played import pod_status
from played.access import Access, Json

CONSENT: Json = {names.ANALYSIS_LABEL: "true"}
"""Labels of a CronJob that Jobs may be made from."""


async def add_cron_job(access: Access, namespace: str, labels: Json = CONSENT) -> None:
    """A CronJob named acceptance."""
    container = {"name": "test", "image": "test", "args": ["--revision=$(PERIGEE_CANDIDATE)"]}
    pod = {"restartPolicy": "Never", "containers": [container]}
    body = {
        "metadata": {"name": "acceptance", "labels": labels},
        "spec": {
            "schedule": "@yearly",
            "suspend": True,
            "jobTemplate": {"spec": {"template": {"spec": pod}}},
        },
    }
    await access.create(CRON_JOB, body, namespace)


def metric(name: str = "accepted", **more: Any) -> Json:
    """One that its Jobs measure."""
    return {"name": name, "job": {"cronJob": "acceptance"}, **more}


async def pods_of_jobs(
    access: Access, namespace: str, revision: str, name: str = "accepted", number: int = 1
) -> list[Json]:
    """The Pod of a measurement of a revision, if there is one yet.

    Args:
        access: to the API server.
        namespace: of the model.
        revision: the candidate that is measured.
        name: of the metric.
        number: of the measurement.
    """
    selector = f"{names.REVISION_LABEL}={revision},{names.METRIC_LABEL}={name}"
    for job in await access.list(JOB, namespace, selector):
        if job["metadata"]["annotations"][names.MEASUREMENT_ANNOTATION] == str(number):
            selector = f"batch.kubernetes.io/controller-uid={job['metadata']['uid']}"
            return await access.list(POD, namespace, selector)
    return []


async def end_pod(access: Access, pod: Json, exit_status: int, message: str = "") -> None:
    """Its container ends, and with it the Job."""
    status = {"status": pod_status.ended(exit_status, message)}
    metadata = pod["metadata"]
    await access.patch(POD, metadata["name"], status, metadata["namespace"], subresource="status")
