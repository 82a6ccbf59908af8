"""What a model's placement says changes, on a fleet on paper, with the promises watched."""

from typing import Any

import pytest

from paper_fleet.controllers import pod_key
from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import contact, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import serving
from perigee_api.inference_model import ModelPhase
from perigee_operator.domain import kinds

PLANES = [{"plane": plane} for plane in "aabb"]


def planes(*, every: bool = False, labels: list[dict[str, str]] | None = None) -> PaperFleet:
    """Four satellites in two planes; what serves, serves in plane a."""
    fleet = fleet_of(4, labels=labels or PLANES)
    fleet.observers.append(Promises(fleet).look)
    fleet.ask("m", wanted("a", every=every))
    fleet.pass_time(60)
    return fleet


def wanted(plane: str, *, every: bool = False, **more: Any) -> dict[str, Any]:
    replicas = None if every else 2
    return model_body(replicas=replicas, placement={"nodeSelector": {"plane": plane}}, **more)


@pytest.mark.parametrize("every", [False, True])
def test_where_a_model_may_not_run_any_more_it_serves_until_others_do(*, every: bool) -> None:
    fleet = planes(every=every)
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    fleet.ask("m", wanted("b", every=every))
    fleet.pass_time(90)
    assert set(serving(fleet)) == {"sat-3", "sat-4"}
    assert len(fleet.pods()) == 2
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_where_nothing_suits_the_model_it_serves_on_and_says_so() -> None:
    fleet = planes()
    before = [pod_key(pod) for pod in fleet.pods()]
    fleet.ask("m", wanted("c"))
    fleet.pass_time(90)
    assert [pod_key(pod) for pod in fleet.pods() if "nodeName" in pod["spec"]] == before
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    status = fleet.model()
    assert status.phase is ModelPhase.WAITING
    assert status.message.startswith(
        "2 copies run where the model may not run any more, until others stand in; only 0 "
    )


def test_with_fewer_satellites_than_copies_all_that_suit_serve_and_the_others_end() -> None:
    fleet = planes(labels=[{"plane": plane} for plane in "aaab"])
    fleet.ask("m", wanted("b"))
    fleet.pass_time(90)
    assert set(serving(fleet)) == {"sat-4"}
    assert fleet.model().phase is ModelPhase.DEGRADED
    assert len(fleet.pods()) == 2


def test_a_dark_satellite_keeps_its_pod_until_others_serve() -> None:
    fleet = planes()
    fleet.satellites["sat-1"].linked = False
    fleet.ask("m", wanted("b"))
    fleet.pass_time(90)
    assert {"sat-3", "sat-4"} <= set(serving(fleet))
    fleet.satellites["sat-1"].linked = True
    fleet.pass_time(90)
    assert set(serving(fleet)) == {"sat-3", "sat-4"}
    assert len(fleet.pods()) == 2


def test_copies_are_placed_so_that_one_is_in_contact_at_any_time() -> None:
    """Two of four see the ground in turns; the other two at the same times as the first."""
    fleet = PaperFleet()
    fleet.observers.append(Promises(fleet).look)
    for number, begins_s in enumerate((-600, -600, -600, 0)):
        fleet.add_satellite(
            f"sat-{number + 1}", contacts=[contact(begins_s, begins_s + 600, every=1200)]
        )
    fleet.ask("m", model_body(replicas=2, placement={"keepInReach": 1}))
    fleet.pass_time(2600)
    assert "sat-4" in serving(fleet)
    assert len(serving(fleet)) == 2
    assert reach(fleet) == ("True", "AsPlanned")
    # What serves stays where it is when others come.
    before = serving(fleet)
    fleet.add_satellite("sat-0")
    fleet.pass_time(120)
    assert serving(fleet) == before


def test_where_contacts_leave_gaps_the_status_says_when() -> None:
    fleet = PaperFleet()
    for number in range(2):
        fleet.add_satellite(f"sat-{number + 1}", contacts=[contact(0, 600, every=1200)])
    fleet.ask("m", model_body(replicas=2, placement={"keepInReach": 1}))
    fleet.pass_time(100)
    assert reach(fleet) == ("False", "Gaps")
    (message,) = [c.message for c in fleet.model().conditions if c.type == "InReach"]
    assert message.startswith(
        "Of 2 satellites that serve it fewer than 1 are in contact from 12:10 to 12:20 UTC, and "
        "for 720 minutes of the 24 hours in all, 10 at the longest"
    )


def reach(fleet: PaperFleet) -> tuple[str, str]:
    (found,) = [(c.status, c.reason) for c in fleet.model().conditions if c.type == "InReach"]
    return found


def test_what_stands_otherwise_in_the_template_replaces_no_pod() -> None:
    fleet = planes()
    before = [pod_key(pod) for pod in fleet.pods()]
    fleet.ask("m", wanted("a") | {"placement": {"replicas": 2, "nodeSelector": {}}})
    fleet.pass_time(60)
    assert [pod_key(pod) for pod in fleet.pods()] == before
    (workload,) = fleet.api.items(kinds.REPLICA_SET)
    assert "plane" not in workload["spec"]["template"]["spec"]["nodeSelector"]


def test_a_pod_that_waited_for_a_node_goes_by_the_placement_as_it_is_now() -> None:
    fleet = fleet_of(4, labels=[{"group": "a"}, {"group": "a"}, {}, {}])
    fleet.ask("m", model_body(replicas=3, placement={"nodeSelector": {"group": "a"}}))
    fleet.pass_time(60)
    (waiting,) = [pod for pod in fleet.pods() if "nodeName" not in pod["spec"]]
    assert len(serving(fleet)) == 2
    fleet.ask("m", model_body(replicas=3))
    fleet.pass_time(60)
    assert len(serving(fleet)) == 3
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert waiting["metadata"]["uid"] not in {pod["metadata"]["uid"] for pod in fleet.pods()}


def test_a_pod_that_waits_by_the_placement_as_it_is_goes_on_waiting() -> None:
    fleet = fleet_of(1)
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    before = {pod["metadata"]["uid"] for pod in fleet.pods()}
    fleet.pass_time(120)
    assert {pod["metadata"]["uid"] for pod in fleet.pods()} == before
