from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import model_spec
from paper_fleet.views import (
    model_view,
    node,
    pod,
    revision_of,
    revision_view,
    satellite,
    situation,
)
from perigee_api import names
from perigee_api.placement import SpreadBy
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.placement.choice import choose
from perigee_operator.domain.workloads.quantity import thousandths

SPEC = model_spec(replicas=2, resources={"requests": {"memory": "1Gi"}})
NAME = revision_of(SPEC)
LABEL = names.node_revision_label("default", "m", NAME)
PHASES = (SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK)

FLEETS = st.lists(
    st.fixed_dictionaries(
        {
            "hosts": st.booleans(),
            "labelled": st.booleans(),
            "told": st.booleans(),
            "full": st.booleans(),
            "plane": st.sampled_from("ab"),
            "phase": st.sampled_from(PHASES),
        }
    ),
    max_size=8,
)


@given(FLEETS, st.integers(0, 9), st.sampled_from(SpreadBy))
def test_the_nearest_are_among_the_candidates(
    traits: list[dict[str, Any]], count: int, spread_by: SpreadBy
) -> None:
    satellites, pods = [], []
    for number, each in enumerate(traits):
        name = f"s{number}"
        labels = {names.PLANE_LABEL: str(each["plane"])} | (
            {LABEL: "true"} if each["labelled"] else {}
        )
        room = {"memory": thousandths("0" if each["full"] else "4Gi")}
        satellites.append(
            satellite(
                name,
                node=node(name, labels=labels, allocatable=room),
                phase=each["phase"],
                assigned=(1,) if each["told"] else (),
            )
        )
        if each["hosts"]:
            pods.append(pod(f"p{number}", NAME, name))
    model = model_view(SPEC, revisions=(revision_view(SPEC, 1, promoted=True),), pods=tuple(pods))
    found = situation(model, *satellites)
    rank = found.nearness(NAME, None)
    few = choose(found.candidates(NAME, count), count, rank=rank, spread_by=spread_by)
    assert few == choose(found.eligible, count, rank=rank, spread_by=spread_by)
