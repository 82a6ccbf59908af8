from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import contact, satellite_spec
from paper_fleet.views import assessed, at, hearing, heartbeat, pod, satellite_view
from perigee_api.hearing import HeardOutside
from perigee_api.heartbeat import Report, Telemetry
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import PodView, SatelliteView
from perigee_operator.domain.liveness.held_losses import HoldReason, LossHeld
from perigee_operator.domain.liveness.plan_accuracy import Offset, PlanAccuracy
from perigee_operator.domain.satellite_status import Sighting, satellite_status, satellite_writes
from perigee_operator.domain.writes import Announce, Apply

PENDING, LOST = SatellitePhase.PENDING, SatellitePhase.LOST
PASSES = satellite_spec(contacts=[contact(0, 100, every=1000, station="kiruna")])


def sighting(
    view: SatelliteView, moment: float, *pods: PodView, held: LossHeld | None = None
) -> Sighting:
    return Sighting(assessed(view, moment), held, pods)


def after(view: SatelliteView, moment: float, *pods: PodView) -> SatelliteNodeStatus:
    return satellite_status(view, sighting(view, moment, *pods), at(moment))


def announced(view: SatelliteView, moment: float, held: LossHeld | None = None) -> list[str]:
    writes = satellite_writes(view, sighting(view, moment, held=held), at(moment))
    return [f"{w.type.value} {w.reason}: {w.note}" for w in writes if isinstance(w, Announce)]


def settled(view: SatelliteView, moment: float) -> SatelliteView:
    return replace(view, status=after(view, moment))


def test_what_stands_is_not_written_again_whatever_is_heard() -> None:
    view = settled(satellite_view(phase=PENDING, heard_s=0), 0)
    for moment in (5, 10, 500):
        telemetry = Report(sequence=moment, telemetry=Telemetry(load1=moment))
        later = replace(view, heartbeat=heartbeat(moment, report=telemetry))
        assert satellite_writes(later, sighting(later, moment), at(moment)) == []


def test_a_transition_is_written_once_and_announced() -> None:
    view = satellite_view(phase=PENDING, heard_s=0)
    status, event = satellite_writes(view, sighting(view, 1), at(1))
    assert isinstance(status, Apply)
    assert status.subresource == "status"
    assert status.body["status"]["phase"] == "InContact"
    assert isinstance(event, Announce)
    assert announced(view, 1) == ["Normal InContact: Pending before. sat-1 is heard."]


def test_a_loss_raises_the_epoch_and_says_when_it_was_heard() -> None:
    view = settled(satellite_view(phase=PENDING, heard_s=0), 0)
    status = after(view, 99.5)
    assert (status.phase, status.epoch, status.last_lost_time) == (LOST, 1, at(99))
    assert status.last_heartbeat_time == at(0)
    (event,) = announced(view, 99)
    assert event.startswith(
        "Warning Lost: InContact before. The agent was last heard at 2026-03-01"
    )
    assert event.endswith(" 12:00:00 UTC; 60 s of silence in contact are allowed.")
    again = after(replace(view, status=status), 150)
    assert (again.epoch, again.last_lost_time) == (1, at(99))


def test_a_loss_that_is_held_is_announced_once() -> None:
    view = settled(satellite_view(phase=PENDING, heard_s=0), 0)
    held = LossHeld(HoldReason.BUDGET_SPENT, "It would be Lost.")
    assert "Warning LossHeld: It would be Lost." in announced(view, 90, held)
    status = satellite_status(view, sighting(view, 90, held=held), at(90))
    assert announced(replace(view, status=status), 95, held) == []


def test_an_agent_that_holds_up_all_others_is_announced_once() -> None:
    view = settled(satellite_view(phase=PENDING, heard_s=0), 0)
    found = Sighting(assessed(view, 1), None, (), agent_stuck="It does not come up.")
    status, event = satellite_writes(view, found, at(1))
    assert isinstance(status, Apply)
    assert isinstance(event, Announce)
    assert (event.type.value, event.reason) == ("Warning", "AgentStuck")
    assert event.note == "It does not come up."
    later = replace(view, status=satellite_status(view, found, at(1)))
    assert satellite_writes(later, found, at(2)) == []
    assert after(later, 3).conditions == view.status.conditions


def test_nothing_is_written_while_nobody_observes() -> None:
    view = settled(satellite_view(spec=PASSES, phase=PENDING, heard_s=0), 0)
    deaf = Sighting(assessed(view, 500, hearing(None)), None, ())
    assert satellite_writes(view, deaf, at(500)) == []


@pytest.mark.parametrize(
    ("moment", "start", "end"), [(0, 0, 100), (99, 0, 100), (100, 1000, 1100), (1000, 1000, 1100)]
)
def test_the_next_contact_is_the_one_under_way_or_to_come(
    moment: float, start: float, end: float
) -> None:
    found = after(satellite_view(spec=PASSES, heard_s=moment), moment).next_contact
    assert found is not None
    assert (found.station, found.start, found.end) == ("kiruna", at(start), at(end))


def test_a_contact_that_is_open_where_knowledge_ends_has_no_end_yet() -> None:
    view = satellite_view(spec=PASSES, heard_s=0)
    cut = replace(view.contacts, known_until=at(100))
    found = after(replace(view, contacts=cut), 50).next_contact
    assert found is not None
    assert (found.start, found.end) == (at(0), None)


def test_what_was_heard_outside_is_kept_and_written_with_the_condition_alone() -> None:
    def heard(count: int, seconds: float) -> SatelliteView:
        worst = Offset(42, "kiruna")
        found = PlanAccuracy(accurate=False, outside=count, worst=worst)
        return satellite_view(spec=PASSES, heard_s=seconds, plan_accuracy=found)

    first = heard(5, 142)
    status = after(first, 142)
    assert status.heard_outside == HeardOutside(count=5, offset=42, station="kiruna")
    (event,) = [each for each in announced(first, 142) if "Inaccurate" in each]
    assert event.startswith("Warning ContactPlanInaccurate: Heard 42 s after LOS over kiruna")
    again = replace(heard(9, 150), status=status)
    assert satellite_writes(again, sighting(again, 150), at(150)) == []
    more = replace(heard(10, 151), status=status)
    assert after(more, 151).heard_outside == HeardOutside(count=10, offset=42, station="kiruna")


def test_an_edge_site_has_no_next_contact() -> None:
    assert after(satellite_view(), 0).next_contact is None


@pytest.mark.parametrize(
    ("more", "type_", "status", "reason"),
    [
        ({}, "Ready", "True", "InContact"),
        ({}, "OrbitValid", "True", "Valid"),
        ({}, "ContactsPredicted", "True", "Planned"),
        ({"spec": None, "spec_error": "orbit: x"}, "SpecValid", "False", "Invalid"),
        (
            {"spec": satellite_spec(hardware={"architecture": "amd64"})},
            "HardwareMatches",
            "False",
            "ArchitectureDiffers",
        ),
        (
            {"spec": satellite_spec(hardware={"architecture": "arm64"})},
            "HardwareMatches",
            "True",
            "AsSpecified",
        ),
        ({"kubelet_arrived_at": at(40)}, "AgentSilent", "True", "KubeletHeard"),
    ],
)
def test_conditions(more: dict[str, Any], type_: str, status: str, reason: str) -> None:
    view = replace(satellite_view(heard_s=0), **more)
    moment = 41 if "kubelet_arrived_at" in more else 1
    (found,) = [c for c in after(view, moment).conditions if c.type == type_]
    assert found.status == status
    assert found.reason.startswith(reason)


def test_a_condition_keeps_its_time_as_long_as_it_stands() -> None:
    view = settled(satellite_view(phase=PENDING, heard_s=0), 0)
    lost = replace(view, status=after(view, 99))
    times = {c.type: c.last_transition_time for c in lost.status.conditions}
    assert times["Ready"] == at(99)
    assert times["OrbitValid"] == at(0)


def test_what_it_carries() -> None:
    pods = [
        pod("c", "r2", "sat-1", verified=False),
        pod("b", "r1", "sat-1"),
        pod("a", "r1", "sat-1", active=True),
    ]
    found = [f"{m.name} {m.revision} {m.state}" for m in after(satellite_view(), 0, *pods).models]
    assert found == ["default/m r1 Active", "default/m r1 Standby", "default/m r2 Starting"]
