"""What kubectl shows of the resources, and their subresources."""

from typing import Any

import httpx
import pytest

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
SINCE = "2026-11-22T06:00:00Z"


def shown(client: httpx.Client, path: str) -> dict[str, Any]:
    """The one row of `kubectl get -o wide`: cells by column; those with a * are wide only."""
    table = client.get(path, headers=TABLE).raise_for_status().json()
    names = [
        column["name"] + ("*" if column["priority"] else "")
        for column in table["columnDefinitions"]
    ]
    (row,) = table["rows"]
    return dict(zip(names, row["cells"], strict=True))


@pytest.mark.parametrize("created", ["satellite-full"], indirect=True)
def test_columns_of_a_satellite(perigee: Any, created: dict[str, Any]) -> None:
    status = {
        "phase": "InContact",
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "InContact",
                "message": "heard",
                "lastTransitionTime": SINCE,
            }
        ],
        "nextContact": {
            "station": "svalbard",
            "start": "2126-11-22T06:00:00Z",
            "end": "2126-11-22T06:08:00Z",
            "maxElevation": 61.3,
        },
    }
    perigee.patch(created, {"status": status}, "/status").raise_for_status()
    row = shown(perigee.client, perigee.path(created))
    assert row.pop("Age").endswith("s")
    assert row == {
        "Name": "sat-1",
        "Phase": "InContact",
        "Next contact": "2126-11-22T06:00:00Z",
        "Until*": "2126-11-22T06:08:00Z",
        "Station*": "svalbard",
        "Elevation*": 61.3,
        "Node*": "node-1.example",
        "Message*": "heard",
    }


@pytest.mark.parametrize("created", ["model-full"], indirect=True)
def test_columns_of_a_model(perigee: Any, created: dict[str, Any]) -> None:
    status = {
        "phase": "Progressing",
        "message": "waits for sat-2 to rise",
        "stableRevision": "0a1b2c3d",
        "candidateRevision": "4e5f6a7b",
        "active": 2,
        "weight": 25,
        "rollout": {"candidate": "4e5f6a7b", "step": 2, "started": SINCE, "stepStarted": SINCE},
    }
    perigee.patch(created, {"status": status}, "/status").raise_for_status()
    row = shown(perigee.client, perigee.path(created))
    assert row.pop("Age").endswith("s")
    assert row == {
        "Name": "cloud-mask",
        "Phase": "Progressing",
        "Stable": "0a1b2c3d",
        "Candidate": "4e5f6a7b",
        "Step": 2,
        "Weight": 25,
        "Active": 2,
        "Message*": "waits for sat-2 to rise",
    }


@pytest.mark.parametrize("created", ["station"], indirect=True)
def test_columns_of_a_station(perigee: Any, created: dict[str, Any]) -> None:
    row = shown(perigee.client, perigee.path(created))
    assert row.pop("Age").endswith("s")
    assert row == {
        "Name": "svalbard",
        "Latitude": 78.2,
        "Longitude": 15.4,
        "Mask": 7.5,
        "Out of service*": True,
    }


@pytest.mark.parametrize("created", ["policy-full"], indirect=True)
def test_columns_of_a_policy(perigee: Any, created: dict[str, Any]) -> None:
    row = shown(perigee.client, perigee.path(created))
    assert row.pop("Age").endswith("s")
    assert row == {
        "Name": "nightly",
        "Deadline": 3600,
        "Unreachable": "10%",
        "Window": "30 1 * * MON-FRI",
        "Zone*": "Europe/Berlin",
        "At end*": "revert",
        "Note*": "For models that are asked by day.",
    }


@pytest.mark.parametrize("created", ["model-minimal"], indirect=True)
def test_a_model_is_scaled(perigee: Any, created: dict[str, Any]) -> None:
    status = {"replicas": 1, "selector": "perigee.space/model=cloud-mask"}
    perigee.patch(created, {"status": status}, "/status").raise_for_status()
    perigee.patch(created, {"spec": {"replicas": 3}}, "/scale").raise_for_status()
    assert perigee.read(created, "/scale")["spec"] == {"replicas": 3}
    assert perigee.read(created, "/scale")["status"] == status
    assert perigee.read(created)["spec"]["placement"]["replicas"] == 3


@pytest.mark.parametrize("created", ["model-every-satellite"], indirect=True)
def test_a_model_for_every_satellite_is_not_scaled(perigee: Any, created: dict[str, Any]) -> None:
    answer = perigee.patch(created, {"spec": {"replicas": 3}}, "/scale")
    assert answer.is_client_error, answer.text
    assert "replicas" not in perigee.read(created)["spec"]["placement"]


@pytest.mark.parametrize("created", ["satellite-fixed", "model-minimal"], indirect=True)
def test_status_is_a_subresource(perigee: Any, created: dict[str, Any]) -> None:
    perigee.patch(created, {"status": {"phase": "Pending"}}).raise_for_status()
    assert "status" not in perigee.read(created)
    perigee.patch(
        created, {"spec": {"orbit": None}, "status": {"phase": "Pending"}}, "/status"
    ).raise_for_status()
    read = perigee.read(created)
    assert read["status"]["phase"] == "Pending"
    assert read["metadata"]["generation"] == 1


@pytest.mark.parametrize("created", ["satellite-fixed"], indirect=True)
def test_a_phase_that_there_is_not_is_refused(perigee: Any, created: dict[str, Any]) -> None:
    answer = perigee.patch(created, {"status": {"phase": "Asleep"}}, "/status")
    assert answer.is_client_error
    assert "status.phase" in answer.json()["message"]


@pytest.mark.parametrize("created", ["satellite-fixed"], indirect=True)
def test_two_writers_each_own_a_condition(perigee: Any, created: dict[str, Any]) -> None:
    for kind in ("OrbitValid", "AgentSilent"):
        condition = {
            "type": kind,
            "status": "True",
            "reason": "Tried",
            "lastTransitionTime": SINCE,
        }
        perigee.client.patch(
            f"{perigee.path(created)}/status",
            params={"fieldManager": kind},
            headers={"Content-Type": "application/apply-patch+yaml"},
            json={
                "apiVersion": created["apiVersion"],
                "kind": created["kind"],
                "status": {"conditions": [condition]},
            },
        ).raise_for_status()
    conditions = perigee.read(created)["status"]["conditions"]
    assert [condition["type"] for condition in conditions] == ["OrbitValid", "AgentSilent"]


def test_short_names_and_category(perigee: Any) -> None:
    group = perigee.client.get("/apis/perigee.space/v1alpha1").raise_for_status().json()
    listed = {r["name"]: r for r in group["resources"] if "/" not in r["name"]}
    assert {name: r["shortNames"] for name, r in listed.items()} == {
        "satellitenodes": ["sat"],
        "inferencemodels": ["imodel"],
        "rolloutactions": ["raction"],
        "groundstations": ["gs"],
        "rolloutpolicies": ["rpolicy"],
    }
    assert all(r["categories"] == ["perigee"] for r in listed.values())
    namespaced = {name for name, r in listed.items() if r["namespaced"]}
    assert namespaced == {"inferencemodels", "rolloutactions"}


@pytest.mark.parametrize(
    "plural",
    ["satellitenodes", "inferencemodels", "rolloutactions", "rolloutpolicies", "groundstations"],
)
def test_the_api_server_has_no_objection(perigee: Any, plural: str) -> None:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.perigee.space"
    conditions = perigee.client.get(path).raise_for_status().json()["status"]["conditions"]
    assert {c["type"]: c["status"] for c in conditions} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
