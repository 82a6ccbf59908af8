from typing import Any

import pytest

from paper_fleet.views import node, satellite
from perigee_api import names
from perigee_api.inference_model import Placement
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.placement.eligibility import eligible, objection

GPU = {names.ACCELERATOR_LABEL: "gpu"}


@pytest.mark.parametrize(
    ("placement", "labels", "expected"),
    [
        ({}, {}, None),
        ({"architectures": ["arm64"]}, {}, None),
        ({"architectures": ["arm64", "amd64"]}, {}, None),
        ({"architectures": ["amd64"]}, {}, "architecture arm64 is not asked for"),
        ({"accelerator": "Required"}, {}, "it has no accelerator"),
        ({"accelerator": "Required"}, GPU, None),
        ({"accelerator": "Preferred"}, {}, None),
        ({"nodeSelector": {"plane": "a"}}, {}, "its labels do not match the nodeSelector"),
        ({"nodeSelector": {"plane": "a"}}, {"plane": "b"}, "its labels do not match"),
        ({"nodeSelector": {"plane": "a"}}, {"plane": "a", "x": "y"}, None),
    ],
)
def test_what_a_model_objects_to(
    placement: dict[str, Any], labels: dict[str, str], expected: str | None
) -> None:
    found = objection(node(labels=labels), Placement.model_validate({"replicas": 1} | placement))
    assert (found is None) == (expected is None)
    assert expected is None or (found or "").startswith(expected)


@pytest.mark.parametrize("phase", SatellitePhase)
def test_who_may_get_new_copies(phase: SatellitePhase) -> None:
    out = {SatellitePhase.PENDING, SatellitePhase.LOST, SatellitePhase.MAINTENANCE}
    found = eligible([satellite("b", phase=phase), satellite("a")], Placement(replicas=1))
    assert [s.name for s in found] == (["a"] if phase in out else ["a", "b"])
