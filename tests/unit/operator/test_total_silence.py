"""Total silence moves nothing: when nobody is heard any more, it is the ground that is deaf."""

from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from paper_fleet.api_server import Item
from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import contact, model_body
from paper_fleet.promises import Promises
from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.projection import MANAGED_TAINTS
from perigee_operator.domain.rollout.pod_writes import DELETION_COST_ANNOTATION

ORBITS: dict[str, dict[str, Any]] = {
    "site": {},
    "kiruna": {"contacts": [contact(0, 150, every=600, station="kiruna")]},
    "svalbard": {"contacts": [contact(200, 350, every=700, station="svalbard")]},
    "unnamed": {"contacts": [contact(100, 190, every=500)]},
    "long": {"contacts": [contact(0, 2000, every=2500, station="kiruna")]},
}


def fleet_of(orbits: list[str], *, lost: bool, idle: bool) -> PaperFleet:
    """A fleet that has settled, with a model on it, and perhaps one Lost and one in maintenance."""
    fleet = PaperFleet(Settings(serve_image="edge", loss_budget_percent=100))
    fleet.add_satellite("lost")
    fleet.add_satellite("idle")
    for number, orbit in enumerate(orbits):
        fleet.add_satellite(f"sat-{number}", **ORBITS[orbit])
    fleet.observers.append(Promises(fleet).look)
    fleet.pass_time(700, step_s=10)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(100, step_s=10)
    fleet.satellites["lost"].linked = not lost
    fleet.amend_satellite("idle", maintenance=idle)
    fleet.pass_time(200, step_s=10)
    assert (fleet.satellite("lost").phase is SatellitePhase.LOST) == lost
    return fleet


def moved_by_perigee(fleet: PaperFleet) -> list[object]:
    """All that Perigee writes to Pods, Nodes and workloads, but who is in the ground's reach."""
    return [
        [_of_pod(pod) for pod in fleet.api.items(kinds.POD)],
        [_of_node(node) for node in fleet.api.items(kinds.NODE)],
        [item["spec"] for item in fleet.api.items(kinds.REPLICA_SET)],
    ]


def _of_pod(pod: Item) -> tuple[object, ...]:
    own = pod["metadata"]
    labels = {key: own["labels"][key] for key in own["labels"] if key != names.IN_CONTACT_LABEL}
    cost = own.get("annotations", {}).get(DELETION_COST_ANNOTATION)
    return own["uid"], labels, cost, "deletionTimestamp" in own


def _of_node(node: Item) -> tuple[object, ...]:
    taints = sorted(t["key"] for t in node["spec"]["taints"] if t["key"] in MANAGED_TAINTS)
    return node["metadata"]["labels"], taints


@given(
    orbits=st.lists(st.sampled_from(sorted(ORBITS)), min_size=1, max_size=4),
    lost=st.booleans(),
    idle=st.booleans(),
    begins_s=st.integers(0, 70),
    restarted_at=st.none() | st.integers(0, 200),
)
@example(orbits=["site"], lost=True, idle=True, begins_s=0, restarted_at=None)
@settings(
    max_examples=5,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow],
)
def test_total_silence_moves_nothing(
    *, orbits: list[str], lost: bool, idle: bool, begins_s: int, restarted_at: int | None
) -> None:
    fleet = fleet_of(orbits, lost=lost, idle=idle)
    fleet.pass_time(10 * begins_s, step_s=10)
    for satellite in fleet.satellites.values():
        satellite.linked = False
    before = moved_by_perigee(fleet)

    def look(done: str) -> None:
        assert moved_by_perigee(fleet) == before, done

    fleet.observers.append(look)
    for step in range(200):
        if step == restarted_at:
            fleet.restart()
        fleet.pass_time(20, step_s=20)
