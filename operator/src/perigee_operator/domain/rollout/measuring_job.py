"""The Jobs that measure a candidate: how each is made, and which are not needed any more.

A Job is made by the jobTemplate of a CronJob of the model's namespace, as `kubectl create job
--from` does, if a label of the CronJob agrees. So whoever writes models starts nothing that
somebody with the right to run it there has not prepared for that: neither the Pod nor its service
account nor its arguments are the model's to choose.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from perigee_api import names
from perigee_api.analysis import AnalysisJob
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.kinds import CRON_JOB, JOB
from perigee_operator.domain.odd import rows, table, text, whole
from perigee_operator.domain.rollout.revision import digest
from perigee_operator.domain.workloads.labels import owner, revision_labels
from perigee_operator.domain.writes import Delete, Json, ObjectKey

DEADLINE_S: Final = 600
"""Of a Job whose template gives none."""
KEPT_FOR_S: Final = 86_400
"""After its end, if its template does not say longer: so that people can read its logs, and an
operator that was away for a while finds what it has said."""
KEPT: Final = 3
"""Jobs of a metric that are left behind what has been written to the status."""
NAME_PART: Final = 40
"""Characters of the model's name in that of a Job, which has 63 at most."""

_PODS_OF_ITS_OWN: Final = ("selector", "manualSelector")


class UnusableTemplateError(Exception):
    """A CronJob that no Job may be made from; says why."""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """Jobs to be run for a metric, one after the other."""

    cron_job: ObjectKey
    series: str
    """Digest of which metric of which rollout of which model they measure."""
    model_uid: str
    labels: Mapping[str, str]
    owner: Mapping[str, Any]
    environment: Mapping[str, str]
    """What their containers are told."""

    def job(self, number: int) -> ObjectKey:
        """The Job of a measurement: the same, however often and by whomever it is asked for.

        Args:
            number: of the measurement in the series, from 1.
        """
        part = self.labels[names.MODEL_LABEL][:NAME_PART].rstrip("-")
        return ObjectKey(JOB, f"{part}-{self.series}-{number}", self.cron_job.namespace)

    def measures(self, job: Json) -> bool:
        """Whether an object of that name is a Job of this series, and nobody else's."""
        metadata = table(job.get("metadata"))
        owners = {text(row.get("uid")) for row in rows(metadata.get("ownerReferences"))}
        labels = table(metadata.get("labels"))
        return self.model_uid in owners and labels.get(names.SERIES_LABEL) == self.series


def job_order(
    asked: AnalysisJob, key: MetricKey, model: ModelView, meant: Mapping[str, str]
) -> JobOrder:
    """The Jobs of a metric.

    Args:
        asked: as the metric has it.
        key: which metric, and since when.
        model: whose.
        meant: the model, its namespace, the candidate and the stable revision.
    """
    which = {
        "model": model.uid,
        "candidate": meant["candidate"],
        "step": key.step,
        "metric": key.name,
        "definition": key.definition,
        "started": key.started.isoformat(),
    }
    series = digest(which)
    labels = {names.METRIC_LABEL: key.name, names.SERIES_LABEL: series}
    return JobOrder(
        cron_job=ObjectKey(CRON_JOB, asked.cron_job, model.namespace),
        series=series,
        model_uid=model.uid,
        labels=revision_labels(model, meant["candidate"]) | labels,
        owner=owner(model),
        environment={f"PERIGEE_{name.upper()}": value for name, value in meant.items()},
    )


def job_body(order: JobOrder, number: int, cron_job: Json) -> Json:
    """The Job of a measurement, as it is created.

    Of the template everything is kept but what would have it fail for no reason of the test's: one
    try and a deadline where it does not say, Pods that stay when they have ended, and the Job, too.

    Raises:
        UnusableTemplateError: the CronJob does not agree, or has no template.
    """
    labels = table(table(cron_job.get("metadata")).get("labels"))
    if labels.get(names.ANALYSIS_LABEL) != "true":
        raise UnusableTemplateError(
            f"CronJob {order.cron_job.name} has no label {names.ANALYSIS_LABEL}=true"
        )
    template = table(table(cron_job.get("spec")).get("jobTemplate"))
    spec, metadata = table(template.get("spec")), table(template.get("metadata"))
    pods = table(spec.get("template"))
    kept_for_s = max(whole(spec.get("ttlSecondsAfterFinished")) or 0, KEPT_FOR_S)
    return {
        "metadata": {
            "labels": {**table(metadata.get("labels")), **order.labels},
            "annotations": {
                **table(metadata.get("annotations")),
                names.MEASUREMENT_ANNOTATION: str(number),
            },
            "ownerReferences": [order.owner],
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_S,
            **{key: value for key, value in spec.items() if key not in _PODS_OF_ITS_OWN},
            "ttlSecondsAfterFinished": kept_for_s,
            "template": {**pods, "spec": _pod_spec(table(pods.get("spec")), order.environment)},
        },
    }


@dataclass(frozen=True, slots=True)
class MeasuringJob:
    """A Job that there is."""

    key: ObjectKey
    uid: str
    model_uid: str
    series: str
    number: int
    ended: bool


def leftovers(
    jobs: Iterable[MeasuringJob], written: Mapping[str, int], models: Collection[str]
) -> tuple[Delete, ...]:
    """What is to go: what runs for a rollout that is over, and old Jobs of one under way.

    Ended Jobs of a rollout that is over stay until their time is up. Those of models that nobody
    knows are left to the API server, which deletes what a deleted model owned.

    Args:
        jobs: that there are.
        written: by series that is measured, how many of its measurements the status has.
        models: uids of those that there are.
    """
    return tuple(
        Delete(job.key, job.uid)
        for job in jobs
        if job.model_uid in models
        and (job.number <= written[job.series] - KEPT if job.series in written else not job.ended)
    )


def _pod_spec(spec: Mapping[str, Any], environment: Mapping[str, str]) -> Json:
    told = {
        field: [_told(container, environment) for container in rows(spec.get(field))]
        for field in ("initContainers", "containers")
        if field in spec
    }
    # With OnFailure the Job ends the Pod that failed, and its exit status is lost.
    return {**spec, **told, "restartPolicy": "Never"}


def _told(container: Mapping[str, Any], environment: Mapping[str, str]) -> Json:
    """The container with these variables, first: its own and its arguments may refer to them."""
    others = [row for row in rows(container.get("env")) if row.get("name") not in environment]
    ours = [{"name": name, "value": value} for name, value in environment.items()]
    return {**container, "env": ours + others}
