from typing import Any

import pytest

from paper_fleet.views import node, pod, satellite
from perigee_operator.domain.placement.room import claims, room_for, shortage
from perigee_operator.domain.workloads.quantity import Amounts
from perigee_operator.domain.workloads.requests import set_aside


def amounts(**quantities: str) -> Amounts:
    return set_aside({name.replace("__", ".com/"): each for name, each in quantities.items()}, {})


@pytest.mark.parametrize(
    ("held", "claimed", "wanted", "said"),
    [
        ({"memory": "4Gi"}, {}, {"memory": "2Gi"}, None),
        ({"memory": "2Gi"}, {}, {"memory": "2Gi"}, None),
        ({"memory": "1Gi"}, {}, {"memory": "2Gi"}, "s has 1Gi of the 2Gi of memory asked for"),
        (
            {"memory": "3Gi"},
            {"memory": "2Gi"},
            {"memory": "2Gi"},
            "s has 1Gi of the 2Gi of memory asked for",
        ),
        (
            {"cpu": "2", "memory": "1Gi"},
            {"cpu": "2500m"},
            {"memory": "1Gi", "cpu": "1500m"},
            "s has 0 of the 1500m of cpu asked for",
        ),
        (
            {"memory": "1Gi"},
            {},
            {"nvidia__gpu": "1"},
            "s has 0 of the 1 of nvidia.com/gpu asked for",
        ),
        ({"nvidia__gpu": "1"}, {"nvidia__gpu": "1"}, {"memory": "0"}, None),
        # Nobody has said what it has, or what is wanted.
        ({}, {"memory": "8Gi"}, {"memory": "2Gi"}, None),
        ({"memory": "1Gi"}, {"memory": "8Gi"}, {}, None),
    ],
)
def test_a_satellite_has_room_for_what_its_node_has_left(
    held: dict[str, str], claimed: dict[str, str], wanted: dict[str, str], said: str | None
) -> None:
    found: Any = satellite(
        "s", node=node("s", allocatable=amounts(**held)), claimed=amounts(**claimed)
    )
    assert shortage(found, amounts(**wanted)) == said
    assert room_for(amounts(**wanted))(found) == (said is None)


def test_what_the_pods_of_models_claim_is_added_up() -> None:
    two = amounts(memory="1Gi", cpu="1")
    pods = {
        "a": (
            pod("p1", "r", "a", requests=two),
            pod("p2", "s", "a", requests=amounts(memory="512Mi")),
            pod("p3", "s", "a", deleting=True, requests=two),
        ),
        "b": (pod("p4", "r", "b"),),
    }
    assert claims(pods) == {"a": amounts(memory="1536Mi", cpu="1")}
