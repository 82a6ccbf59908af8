"""What is written well is kept as it is written."""

from pathlib import Path
from typing import Any

import pytest

from perigee_api.base import Schema
from perigee_api.ground_station import GroundStationSpec
from perigee_api.inference_model import InferenceModelSpec
from perigee_api.rollout_action import RolloutActionSpec
from perigee_api.rollout_policy import RolloutPolicySpec
from perigee_api.satellite_node import SatelliteNodeSpec

GOOD = sorted(file.stem for file in (Path(__file__).parent / "good").glob("*.yaml"))
SPECS: dict[str, type[Schema]] = {
    "SatelliteNode": SatelliteNodeSpec,
    "InferenceModel": InferenceModelSpec,
    "GroundStation": GroundStationSpec,
    "RolloutAction": RolloutActionSpec,
    "RolloutPolicy": RolloutPolicySpec,
}


def assert_kept(written: Any, read: Any, path: str = "spec") -> None:
    """Everything that was written is read, in lists nothing else either."""
    if isinstance(written, dict):
        assert written.keys() <= read.keys(), path
        for key, value in written.items():
            assert_kept(value, read[key], f"{path}.{key}")
    elif isinstance(written, list):
        assert len(written) == len(read), path
        for index, value in enumerate(written):
            assert_kept(value, read[index], f"{path}[{index}]")
    else:
        assert written == read, path


@pytest.mark.parametrize("created", GOOD, indirect=True)
def test_round_trip(perigee: Any, created: dict[str, Any]) -> None:
    read = perigee.read(created)
    assert_kept(created["spec"], read["spec"])
    # Whatever the API server added is what the models take for granted, too.
    model = SPECS[created["kind"]]
    assert model.model_validate(read["spec"]) == model.model_validate(created["spec"])


@pytest.mark.parametrize("created", ["satellite-fixed"], indirect=True)
def test_defaults_of_a_satellite(perigee: Any, created: dict[str, Any]) -> None:
    assert perigee.read(created)["spec"] == {
        "orbit": {"fixed": {"latitude": 48.1, "longitude": 11.6, "height": 0}},
        "link": {"uplink": 256, "downlink": 2048},
        "liveness": {
            "heartbeatInterval": 10,
            "lostAfter": 60,
            "phiThreshold": 8,
            "missedPasses": 2,
        },
        "maintenance": False,
        "decommissioned": False,
    }


@pytest.mark.parametrize("created", ["model-minimal"], indirect=True)
def test_defaults_of_a_model(perigee: Any, created: dict[str, Any]) -> None:
    assert perigee.read(created)["spec"] == created["spec"] | {
        "runtime": {
            "engine": "onnxruntime",
            "precision": "fp32",
            "threads": 1,
            "batching": {"maxSize": 8, "maxDelay": 5},
            "refuseNonFinite": False,
        },
        "placement": {
            "replicas": 2,
            "everySatellite": False,
            "accelerator": "None",
            "spreadBy": "satellite",
        },
        "rollout": {"historyLimit": 5},
        "failover": {"policy": "Reschedule"},
        "paused": False,
    }


def test_the_longest_contact_plan_is_within_the_budget_of_its_rules(perigee: Any) -> None:
    """256 windows, the most that are allowed: the rule on overlaps compares every pair."""
    windows = [
        {
            "start": f"2026-11-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z",
            "end": f"2026-11-{1 + hour // 24:02d}T{hour % 24:02d}:10:00Z",
            "station": "s" * 63,
        }
        for hour in range(256)
    ]
    satellite = {
        "apiVersion": "perigee.space/v1alpha1",
        "kind": "SatelliteNode",
        "metadata": {"name": "planned"},
        "spec": {"orbit": {"contacts": windows}},
    }
    answer = perigee.create(satellite)
    assert answer.is_success, answer.text
    perigee.delete(satellite)


@pytest.mark.parametrize("validation", ["Ignore", "Warn"])
def test_an_unknown_field_is_pruned_for_clients_that_do_not_ask(
    perigee: Any, validation: str
) -> None:
    station = {
        "apiVersion": "perigee.space/v1alpha1",
        "kind": "GroundStation",
        "metadata": {"name": "troll"},
        "spec": {"place": {"latitude": -72.0, "longitude": 2.5}, "colour": "green"},
    }
    answer = perigee.create(station, fieldValidation=validation)
    assert answer.is_success, answer.text
    perigee.delete(station)
    assert "colour" not in answer.json()["spec"]
    assert ("colour" in answer.headers.get("Warning", "")) == (validation == "Warn")
