from typing import Any

import pytest

from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.views import (
    Container,
    Copy,
    contacts,
    copies,
    is_seen,
    model_status,
    phases,
    ready_nodes,
    serving,
)
from perigee_lab.play.windows import ALWAYS, Window

STARTED = "2026-01-01T00:00:00Z"


def model(name: str = MODEL, generation: int = 2, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "generation": generation}, "status": status}


def pod(name: str, node: str | None, *, restarts: int = 0, leaving: bool = False) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-{name}"}
    return {
        "metadata": metadata | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaving else {}),
        "spec": {"nodeName": node} if node else {},
        "status": {
            "containerStatuses": [
                {
                    "restartCount": restarts,
                    "containerID": "containerd://1234",
                    "state": {"running": {"startedAt": STARTED}},
                }
            ]
        },
    }


def test_phases_by_satellite() -> None:
    satellites = (
        {"metadata": {"name": "sat-1"}, "status": {"phase": "Lost"}},
        {"metadata": {"name": "sat-2"}},
    )
    assert phases(satellites) == {"sat-1": SatellitePhase.LOST, "sat-2": SatellitePhase.PENDING}


def test_the_status_of_the_demos_model_and_no_other() -> None:
    models = (model("other", phase="Degraded"), model(phase="Healthy", stableRevision="abc"))
    status = model_status(models)
    assert (status.phase, status.stable_revision) == (ModelPhase.HEALTHY, "abc")
    assert model_status(models[:1]).phase is ModelPhase.PENDING


@pytest.mark.parametrize(
    ("models", "seen"),
    [
        ((), False),
        ((model(),), False),
        ((model(observedGeneration=1),), False),
        ((model(observedGeneration=2),), True),
        ((model("other", observedGeneration=2),), False),
    ],
)
def test_a_status_is_about_the_spec_as_it_is_now(
    models: tuple[dict[str, Any], ...], *, seen: bool
) -> None:
    assert is_seen(models) is seen


def test_copies_are_pods_also_those_without_a_satellite() -> None:
    pods = (pod("b", "sat-2", restarts=1), pod("a", "sat-1", leaving=True), pod("c", None))
    assert copies(pods) == (
        Copy("", "c", "uid-c", (Container("1234", STARTED, 0),), leaving=False),
        Copy("sat-1", "a", "uid-a", (Container("1234", STARTED, 0),), leaving=True),
        Copy("sat-2", "b", "uid-b", (Container("1234", STARTED, 1),), leaving=False),
    )


def test_a_pod_that_has_not_started_is_a_copy() -> None:
    started = pod("a", "sat-1")
    del started["status"]
    assert copies((started,)) == (Copy("sat-1", "a", "uid-a", (), leaving=False),)


def test_a_container_that_waits_does_not_run() -> None:
    waiting = pod("a", "sat-1")
    waiting["status"]["containerStatuses"] = [{"restartCount": 3, "state": {"waiting": {}}}]
    assert copies((waiting,))[0].containers == (Container("", "", 3),)


def test_when_satellites_are_in_contact() -> None:
    def satellite(name: str, **orbit: Any) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {"orbit": orbit}}

    found = contacts(
        (
            satellite("sat-1", fixed={"latitude": 48.1, "longitude": 11.6}),
            satellite(
                "sat-2",
                contacts=[{"start": "1970-01-01T00:01:00Z", "end": "1970-01-01T01:00:00+00:00"}],
            ),
            satellite("sat-3", unknown={}),
        )
    )
    assert found == {"sat-1": ALWAYS, "sat-2": (Window(60, 3600),), "sat-3": None}


def test_nodes_that_kubernetes_takes_for_ready() -> None:
    def node(name: str, *conditions: tuple[str, str]) -> dict[str, Any]:
        listed = [{"type": type_, "status": status} for type_, status in conditions]
        return {"metadata": {"name": name}, "status": {"conditions": listed}}

    nodes = (
        node("sat-1", ("DiskPressure", "False"), ("Ready", "True")),
        node("sat-2", ("Ready", "Unknown")),
        node("sat-3"),
    )
    assert ready_nodes(nodes) == {"sat-1"}


def test_who_serves() -> None:
    endpoint = {"addresses": ["10.0.0.1"], "nodeName": "sat-1", "conditions": {"ready": True}}
    slices = ({"endpoints": [endpoint], "ports": [{"port": 8080}]},)
    assert serving(slices) == {"sat-1"}
    assert names.SERVE_PORT == 8080
