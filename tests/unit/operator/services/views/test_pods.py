import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from perigee_api import names
from perigee_api.termination import Termination, TerminationReason
from perigee_operator.domain.container import ContainerView, EndView
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.services.views.pods import pod_view


def owned_by(kind: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": kind, "uid": "w", "controller": True, **more}


def a_pod(*containers: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "p",
            "namespace": "d",
            "uid": "u",
            "creationTimestamp": "2026-03-01T12:00:00Z",
            "labels": {names.MODEL_LABEL: "m", names.REVISION_LABEL: "r"},
            "ownerReferences": [owned_by("ReplicaSet")],
        },
        "spec": {"nodeName": "sat-1"},
        "status": {"phase": "Running", "containerStatuses": list(containers), **status},
    }


def container(*, ready: bool = False, restarts: int = 0, **state: Any) -> dict[str, Any]:
    return {"ready": ready, "restartCount": restarts, **state}


def ended(message: str | None = None, **more: Any) -> dict[str, Any]:
    return {"terminated": {"exitCode": 67, "message": message, **more}}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def said(reason: str) -> str:
    return json.dumps({"reason": reason, "message": "agreement 0.41", "version": 9})


GOLDEN = said("GoldenSetFailed")
FAILED = Termination(reason=TerminationReason.GOLDEN_SET_FAILED, message="agreement 0.41")
A_READY_ONE = ContainerView(ready=True, restarts=0, waiting="", waiting_message="", ended=None)
BACK_OFF = waiting("CrashLoopBackOff")


def test_what_a_pod_is() -> None:
    view = pod_view(a_pod(container(ready=True), conditions=[{"type": "Ready", "status": "True"}]))
    assert (view.model, view.revision, view.node) == ("m", "r", "sat-1")
    assert view.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert view.verified
    assert view.ready
    assert not view.deleting
    assert view.containers == (A_READY_ONE,)


@pytest.mark.parametrize(
    ("containers", "condition", "verified", "ready"),
    [
        ([], "True", False, True),
        ([container(ready=True)], "False", True, False),
        ([container(ready=True), container()], "False", False, False),
        ([container()], "Unknown", False, False),
    ],
)
def test_verified_is_what_the_kubelet_says_and_ready_what_the_ground_knows(
    *, containers: list[dict[str, Any]], condition: str, verified: bool, ready: bool
) -> None:
    view = pod_view(a_pod(*containers, conditions=[{"type": "Ready", "status": condition}]))
    assert (view.verified, view.ready) == (verified, ready)


@pytest.mark.parametrize(
    ("owners", "counts"),
    [
        ([owned_by("ReplicaSet")], True),
        ([owned_by("DaemonSet")], True),
        ([owned_by("Node", controller=False), owned_by("DaemonSet")], True),
        ([owned_by("ReplicaSet", controller=False)], False),
        ([owned_by("ReplicaSet", apiVersion="example.com/v1")], False),
        ([owned_by("Job")], False),
        ([], False),
        (None, False),
    ],
)
def test_a_copy_is_what_a_workload_controls(
    *, owners: list[dict[str, Any]] | None, counts: bool
) -> None:
    pod = a_pod()
    pod["metadata"]["ownerReferences"] = owners
    if counts:
        assert pod_view(pod).model == "m"
        return
    with pytest.raises(UnviewableError, match="no ReplicaSet or DaemonSet controls it"):
        pod_view(pod)


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_has_ended_counts_as_deleted(phase: str) -> None:
    view = pod_view(a_pod(phase=phase))
    assert view.deleting
    assert view.refused == (phase == "Failed"), "so says a kubelet of a Pod that it will not run"


def test_a_pod_that_nobody_has_placed() -> None:
    pod = a_pod()
    pod["spec"] = {}
    del pod["status"]
    view = pod_view(pod)
    assert view.node is None
    assert not view.verified
    pod["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z"
    assert pod_view(pod).deleting


def test_what_a_pod_has_set_aside() -> None:
    pod = a_pod()
    pod["spec"]["containers"] = [
        {"resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": "2", "memory": "1Gi"}}},
        {"name": "of-somebody-else", "resources": {"requests": {"cpu": "1", "odd": ["x"]}}},
        {"resources": "none"},
    ]
    assert pod_view(pod).requests == {"cpu": 1500, "memory": 2**30 * 1000}
    assert pod_view(a_pod()).requests == {}


MEMORY = "0/3 nodes are available: 3 Insufficient memory."


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, MEMORY.rstrip(".")),
        ({"status": "True"}, ""),
        ({"reason": "SchedulingGated"}, ""),
        ({"type": "Ready"}, ""),
        ({"message": f"{MEMORY} preemption: {MEMORY}"}, MEMORY.rstrip(".")),
        ({"message": 7}, "Unschedulable"),
        ({"message": "x" * 300}, "x" * 256),
    ],
)
def test_why_it_has_no_node(condition: dict[str, Any], expected: str) -> None:
    said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    view = pod_view(a_pod(conditions=[said | {"message": MEMORY} | condition]))
    assert view.unscheduled == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (container(), {}),
        (container(restarts=2, state={"running": {}}), {"restarts": 2}),
        (
            container(state=waiting("ImagePullBackOff", "no such image")),
            {"waiting": "ImagePullBackOff", "waiting_message": "no such image"},
        ),
        (container(state=ended(GOLDEN)), {"ended": EndView("", 67, FAILED)}),
        (
            container(restarts=1, state=BACK_OFF, lastState=ended(GOLDEN, reason="Error")),
            {"restarts": 1, "waiting": "CrashLoopBackOff", "ended": EndView("Error", 67, FAILED)},
        ),
        (container(lastState=ended("Traceback: boom")), {"ended": EndView("", 67, None)}),
        (container(lastState=ended(said("SomethingNew"))), {"ended": EndView("", 67, None)}),
        (container(lastState=ended('{"reason": "Gold')), {"ended": EndView("", 67, None)}),
        (container(lastState=ended(exitCode="x")), {"ended": EndView("", None, None)}),
        ({"ready": "yes", "restartCount": "many", "state": [1]}, {}),
    ],
)
def test_what_the_kubelet_reports_of_a_container(
    status: dict[str, Any], expected: dict[str, Any]
) -> None:
    (found,) = pod_view(a_pod(status)).containers
    assert found == replace(A_READY_ONE, ready=False, **expected)
