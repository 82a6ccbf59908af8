"""How long a satellite that has returned keeps the taint of its loss."""

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import model_body
from paper_fleet.scenes import serving, watched
from paper_fleet.views import at, pod
from perigee_api import names
from perigee_api.base import Condition
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.adoption import adopting_until
from perigee_operator.domain.fleet import PodView

READY, BROKEN = pod("a", "r1", "sat-1"), pod("b", "r1", "sat-1", ready=False)


def back(phase: SatellitePhase = SatellitePhase.IN_CONTACT) -> SatelliteNodeStatus:
    """It came back at 0 s."""
    holds = phase in (SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK)
    ready = Condition(type="Ready", status=str(holds), reason="x", last_transition_time=at(0))
    return SatelliteNodeStatus(phase=phase, conditions=[ready])


@pytest.mark.parametrize(
    ("pods", "until_s"),
    [
        ([], 10),
        ([READY], 10),
        ([READY, BROKEN], 300),
        ([READY, pod("c", "r1", "sat-1", ready=False, deleting=True)], 10),
        ([READY, pod("c", "r1", "sat-1", ready=False, refused=True)], 10),
    ],
)
def test_it_is_kept_until_all_pods_are_surely_ready_and_no_longer_than_five_minutes(
    pods: list[PodView], until_s: float
) -> None:
    assert adopting_until(back(), pods, at(until_s - 1)) == at(until_s)
    assert adopting_until(back(), pods, at(until_s)) is None


@pytest.mark.parametrize(
    ("phase", "kept"),
    [
        (SatellitePhase.EXPECTED_DARK, 10),
        (SatellitePhase.SUSPECT, 300),
        (SatellitePhase.MISSED_CONTACT, 300),
        (SatellitePhase.MAINTENANCE, None),
        (SatellitePhase.PENDING, None),
        (SatellitePhase.LOST, None),
    ],
)
def test_only_one_that_is_in_service_is_adopted(phase: SatellitePhase, kept: float | None) -> None:
    assert adopting_until(back(phase), [READY], at(1)) == (None if kept is None else at(kept))


def tainted(fleet: PaperFleet, name: str) -> bool:
    return names.LOST_TAINT in [taint["key"] for taint in fleet.node(name)["spec"]["taints"]]


def lost_and_back(*, replicas: int, broken: bool) -> tuple[PaperFleet, str]:
    """A satellite with a Pod that was Lost and is heard again, fifteen seconds ago."""
    fleet = watched(3)
    fleet.ask("m", model_body(replicas=replicas))
    fleet.pass_time(60)
    name = min(serving(fleet))
    fleet.satellites[name].linked = False
    fleet.pass_time(150)
    assert fleet.satellite(name).phase is SatellitePhase.LOST
    assert tainted(fleet, name)
    if broken:
        on_board = {p["metadata"]["uid"] for p in fleet.pods() if p["spec"].get("nodeName") == name}
        fleet.satellites[name].broken |= on_board
    fleet.satellites[name].linked = True
    fleet.pass_time(5)
    assert fleet.satellite(name).phase is SatellitePhase.IN_CONTACT
    assert tainted(fleet, name)
    fleet.pass_time(10)
    return fleet, name


def test_the_taint_goes_when_the_pod_is_adopted() -> None:
    fleet, name = lost_and_back(replicas=2, broken=False)
    assert not tainted(fleet, name)
    assert name in serving(fleet)
    fleet.pass_time(5)
    assert len(fleet.pods()) == 2


def test_a_pod_that_is_broken_and_irreplaceable_holds_the_taint_for_five_minutes() -> None:
    fleet, name = lost_and_back(replicas=3, broken=True)
    fleet.pass_time(280)
    assert tainted(fleet, name)
    fleet.pass_time(10)
    assert not tainted(fleet, name)
