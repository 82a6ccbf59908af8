from typing import Any

import pytest

from paper_fleet.intents import START, model_spec
from paper_fleet.views import model_view
from perigee_api.analysis import AnalysisJob
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.kinds import CRON_JOB, JOB
from perigee_operator.domain.rollout.measuring_job import (
    DEADLINE_S,
    KEPT_FOR_S,
    JobOrder,
    MeasuringJob,
    UnusableTemplateError,
    job_body,
    job_order,
    leftovers,
)
from perigee_operator.domain.writes import ObjectKey

MEANT = {"model": "m", "namespace": "space", "candidate": "bbbbbbbb", "stable": "aaaaaaaa"}
TOLD = [
    {"name": "PERIGEE_MODEL", "value": "m"},
    {"name": "PERIGEE_NAMESPACE", "value": "space"},
    {"name": "PERIGEE_CANDIDATE", "value": "bbbbbbbb"},
    {"name": "PERIGEE_STABLE", "value": "aaaaaaaa"},
]
KEY = MetricKey(1, "accepted", "12345678", START)


def order(key: MetricKey = KEY, name: str = "m", uid: str = "u", **meant: str) -> JobOrder:
    model = model_view(model_spec(), name=name, namespace="space", uid=uid)
    return job_order(AnalysisJob(cron_job="acceptance"), key, model, MEANT | meant)


def cron_job(spec: Any = None, **pod: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"team": "eo"}}, "spec": {"containers": [{}], **pod}}
    return {
        "metadata": {"name": "acceptance", "labels": {"perigee.space/analysis": "true"}},
        "spec": {
            "suspend": True,
            "jobTemplate": {
                "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
                "spec": {"template": template, **(spec or {})},
            },
        },
    }


def test_a_measurement_is_always_the_same_job_and_no_other_is() -> None:
    assert order() == order()
    assert order().cron_job == ObjectKey(CRON_JOB, "acceptance", "space")
    others = [
        order(uid="other"),
        order(candidate="cccccccc"),
        order(MetricKey(2, "accepted", "12345678", START)),
        order(MetricKey(1, "score", "12345678", START)),
        order(MetricKey(1, "accepted", "87654321", START)),
        order(MetricKey(1, "accepted", "12345678", START.replace(minute=1))),
    ]
    names = {each.job(number).name for each in [order(), *others] for number in (1, 2)}
    assert len(names) == 14


@pytest.mark.parametrize("name", ["m", "a" * 52, "a" * 39 + "-" * 3 + "b"])
def test_names_fit_into_a_label_of_the_pods(name: str) -> None:
    key = order(name=name).job(10**9 - 1)
    assert (key.kind, key.namespace) == (JOB, "space")
    assert len(key.name) <= 63
    assert key.name.startswith(name[:39])
    assert "--" not in key.name.removeprefix(name[:39])


def test_the_job_is_as_its_template_says() -> None:
    spec = {"parallelism": 2, "backoffLimit": 1, "activeDeadlineSeconds": 5}
    body = job_body(order(), 3, cron_job(spec, serviceAccountName="tester"))
    assert body["metadata"]["labels"] == {
        "a": "b",
        "app.kubernetes.io/managed-by": "perigee",
        "app.kubernetes.io/name": "m",
        "perigee.space/model": "m",
        "perigee.space/revision": "bbbbbbbb",
        "perigee.space/metric": "accepted",
        "perigee.space/series": order().series,
    }
    assert body["metadata"]["annotations"] == {"c": "d", "perigee.space/measurement": "3"}
    assert [o["uid"] for o in body["metadata"]["ownerReferences"]] == ["u"]
    assert spec.items() <= body["spec"].items()
    template = body["spec"]["template"]
    assert template["metadata"] == {"labels": {"team": "eo"}}, "no Service may take it for a server"
    assert template["spec"]["serviceAccountName"] == "tester"


def test_what_the_template_leaves_open_is_one_try_with_a_deadline() -> None:
    body = job_body(order(), 1, cron_job({"manualSelector": True, "selector": {}}))
    template = body["spec"].pop("template")
    assert body["spec"] == {
        "backoffLimit": 0,
        "activeDeadlineSeconds": DEADLINE_S,
        "ttlSecondsAfterFinished": KEPT_FOR_S,
    }
    assert template["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize(("asked_s", "kept_s"), [(0, KEPT_FOR_S), (10**6, 10**6)])
def test_no_job_goes_before_it_was_seen(asked_s: int, kept_s: int) -> None:
    body = job_body(order(), 1, cron_job({"ttlSecondsAfterFinished": asked_s}))
    assert body["spec"]["ttlSecondsAfterFinished"] == kept_s


def test_every_container_is_told_what_it_measures() -> None:
    own = {"name": "SCENE", "value": "$(PERIGEE_CANDIDATE)"}
    by_hand = {"name": "PERIGEE_CANDIDATE", "value": "for trying out"}
    containers = [{"name": "a", "env": [by_hand, own]}, {"name": "b"}]
    body = job_body(order(), 1, cron_job(containers=containers, initContainers=[{"name": "c"}]))
    spec = body["spec"]["template"]["spec"]
    assert spec["containers"] == [{"name": "a", "env": [*TOLD, own]}, {"name": "b", "env": TOLD}]
    assert spec["initContainers"] == [{"name": "c", "env": TOLD}]
    assert "initContainers" not in job_body(order(), 1, cron_job())["spec"]["template"]["spec"]


@pytest.mark.parametrize("labels", [{}, None, {"perigee.space/analysis": "false"}])
def test_a_cron_job_that_does_not_agree_is_not_run(labels: Any) -> None:
    template = cron_job()
    template["metadata"]["labels"] = labels
    with pytest.raises(UnusableTemplateError, match=r"acceptance has no label perigee\.space/ana"):
        job_body(order(), 1, template)


def test_whose_a_job_is() -> None:
    metadata = job_body(order(), 1, cron_job())["metadata"]
    assert order().measures({"metadata": metadata})
    assert not order().measures({"metadata": metadata | {"ownerReferences": [{"uid": "x"}]}})
    assert not order().measures({"metadata": metadata | {"labels": {}}})
    assert not order().measures({"metadata": {"name": "m"}})


def there_is(number: int, series: str = "s", model: str = "u", *, ended: bool) -> MeasuringJob:
    key = ObjectKey(JOB, f"{series}-{number}", "space")
    return MeasuringJob(key, f"uid-{number}", model, series, number, ended)


@pytest.mark.parametrize(
    ("job", "goes"),
    [
        (there_is(1, ended=True), True),
        (there_is(2, ended=True), True),
        (there_is(3, ended=True), False),
        (there_is(6, ended=False), False),
        (there_is(1, "of a rollout before", ended=False), True),
        (there_is(1, "of a rollout before", ended=True), False),
        (there_is(1, "of a rollout before", "nobody's", ended=False), False),
        (there_is(1, "s", "nobody's", ended=True), False),
    ],
)
def test_what_is_left_over(job: MeasuringJob, *, goes: bool) -> None:
    found = leftovers([job], {"s": 5}, {"u"})
    assert [each.uid for each in found] == ([job.uid] if goes else [])
