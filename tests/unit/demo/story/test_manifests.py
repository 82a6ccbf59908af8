from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from perigee_api.inference_model import InferenceModelSpec
from perigee_api.satellite_node import SatelliteNodeSpec
from perigee_demo.artifacts.files import ArtifactFile
from perigee_demo.story.manifests import (
    LIVENESS,
    Window,
    fixed_satellite,
    model,
    planned_satellite,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def strict(spec: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether every field given is a field of the API, as `kubectl apply` wants it."""
    return all(
        key in known
        and (
            not (isinstance(value, dict) and isinstance(known[key], dict))
            or strict(value, known[key])
        )
        for key, value in spec.items()
    )


def test_a_fixed_satellite() -> None:
    manifest = fixed_satellite("sat-1")
    assert manifest["metadata"]["name"] == "sat-1"
    spec = SatelliteNodeSpec.model_validate(manifest["spec"])
    assert spec.orbit.fixed is not None
    assert spec.liveness.lost_after == LIVENESS["lostAfter"]
    assert strict(manifest["spec"], spec.model_dump(by_alias=True))


def test_a_contact_plan() -> None:
    windows = tuple(
        Window(NOW + timedelta(minutes=m), NOW + timedelta(minutes=m + 1)) for m in (0, 5)
    )
    manifest = planned_satellite("sat-2", windows)
    spec = SatelliteNodeSpec.model_validate(manifest["spec"])
    assert spec.orbit.contacts is not None
    assert [(each.start, each.end) for each in spec.orbit.contacts] == [
        (each.start.replace(microsecond=0), each.end.replace(microsecond=0)) for each in windows
    ]
    assert strict(manifest["spec"], spec.model_dump(by_alias=True))


def test_the_model_names_its_files() -> None:
    artifact = ArtifactFile(Path("/somewhere/net.onnx"), "ab" * 32, 1234)
    golden = ArtifactFile(Path("/somewhere/golden.npz"), "12" * 32, 99)
    manifest = model(artifact, golden, "http://10.96.1.2", "int8")
    spec = InferenceModelSpec.model_validate(manifest["spec"])
    assert spec.artifact.model_dump() == {
        "uri": "http://10.96.1.2/net.onnx",
        "sha256": "ab" * 32,
        "size": 1234,
    }
    assert spec.golden is not None
    assert (spec.golden.uri, spec.golden.sha256) == ("http://10.96.1.2/golden.npz", "12" * 32)
    assert spec.runtime.precision == "int8"
    assert strict(manifest["spec"], spec.model_dump(by_alias=True))
