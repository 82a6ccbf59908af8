import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import by_node, node, satellite
from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.placement.eligibility import eligible, is_eligible

FLEET = by_node(
    satellite("d"),
    satellite("a", node=node("a", labels={"plane": "1"})),
    satellite("b", node=node("b", labels={"plane": "1", names.ACCELERATOR_LABEL: "gpu"})),
    satellite("c", phase=SatellitePhase.MAINTENANCE),
)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"nodeSelector": {"plane": "1"}},
        {"nodeSelector": {"plane": "2"}},
        {"accelerator": "Required"},
        {"architectures": ["arm64"]},
        {"architectures": ["amd64"]},
    ],
    ids=str,
)
def test_the_satellites_for_a_placement_are_found_once(asked: dict[str, object]) -> None:
    placement, same = (model_spec(placement={"replicas": n, **asked}).placement for n in (1, 2))
    found = Directory(FLEET)
    expected = tuple(eligible(FLEET.values(), placement))
    assert found.eligible(placement) == expected
    assert found.eligible(same) is found.eligible(placement)
    assert expected == tuple(
        each
        for each in sorted(FLEET.values(), key=lambda each: each.name)
        if is_eligible(each, placement)
    )


def test_other_terms_other_satellites() -> None:
    found = Directory(FLEET)
    asked = (model_spec(placement={"replicas": 1, "nodeSelector": s}) for s in ({}, {"plane": "1"}))
    names_of = [[s.name for s in found.eligible(spec.placement)] for spec in asked]
    assert names_of == [["a", "b", "d"], ["a", "b"]]
