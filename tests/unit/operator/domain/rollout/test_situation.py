from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import digest_of, model_spec
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

MEMORY = {"requests": {"memory": "1Gi"}}
OLD = model_spec(replicas=2, resources=MEMORY)
SPEC = model_spec(artifact_number=2, replicas=2, resources=MEMORY)
STABLE, NAME = revision_of(OLD), revision_of(SPEC)
EARLY = frozenset({digest_of(2)})
LABEL = names.node_revision_label("default", "m", NAME)
PHASES = (SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK)

FLEETS = st.lists(
    st.fixed_dictionaries(
        {
            "hosts": st.booleans(),
            "labelled": st.booleans(),
            "told": st.booleans(),
            "early": st.booleans(),
            "stable": st.booleans(),
            "full": st.booleans(),
            "plane": st.sampled_from("ab"),
            "phase": st.sampled_from(PHASES),
        }
    ),
    max_size=8,
)


@given(
    FLEETS,
    st.integers(0, 9),
    st.sampled_from(SpreadBy),
    st.sampled_from([None, STABLE]),
    st.sampled_from(["", "s2", "s5"]),
)
def test_the_nearest_are_among_the_candidates(
    traits: list[dict[str, Any]], count: int, spread_by: SpreadBy, stable: str | None, begin: str
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
                assigned=(2,) if each["told"] else (),
                ahead=EARLY if each["early"] else frozenset(),
            )
        )
        if each["hosts"]:
            pods.append(pod(f"p{number}", NAME, name))
        if each["stable"]:
            pods.append(pod(f"q{number}", STABLE, name))
    revisions = (revision_view(OLD, 1, promoted=True), revision_view(SPEC, 2))
    model = model_view(SPEC, revisions=revisions, pods=tuple(pods))
    found = situation(model, *satellites)
    rank = found.nearness(NAME, stable)
    vars(found)["begin"] = begin  # as of a model in a fleet of many
    how: dict[str, Any] = {"rank": rank, "spread_by": spread_by, "begin": begin}
    few = choose(found.candidates(NAME, stable, count), count, **how)
    assert few == choose(found.eligible, count, **how)
