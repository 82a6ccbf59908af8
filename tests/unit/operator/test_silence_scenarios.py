"""Silence of satellites, of stations and of the whole sky, on a fleet on paper."""

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import contact
from paper_fleet.scenes import watched
from perigee_api.base import Condition
from perigee_api.satellite_node import SatellitePhase


def condition(fleet: PaperFleet, name: str, type_: str) -> Condition:
    (found,) = [c for c in fleet.satellite(name).conditions if c.type == type_]
    return found


def seen_by(**stations: str) -> PaperFleet:
    """Satellites, named as the arguments, each with passes over a station; one in reach always."""
    fleet = watched(1)
    for number, (name, station) in enumerate(stations.items()):
        begins_s = 100 * number
        fleet.add_satellite(
            name, contacts=[contact(begins_s, begins_s + 90, every=1000, station=station)]
        )
    fleet.pass_time(500)
    return fleet


def cut(fleet: PaperFleet, *names: str) -> None:
    for name in names:
        fleet.satellites[name].linked = False


def test_two_that_die_and_have_one_station_for_themselves_are_told_of() -> None:
    fleet = seen_by(a="kiruna", b="kiruna", c="svalbard")
    cut(fleet, "a", "b")
    fleet.pass_time(2000)
    assert fleet.satellite("a").phase is SatellitePhase.LOST
    assert condition(fleet, "b", "LossHeld").reason == "BudgetSpent"
    assert fleet.satellite("c").phase in (SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK)


def test_a_deaf_station_loses_nobody_and_is_named_on_those_it_did_not_hear() -> None:
    fleet = seen_by(a="kiruna", b="kiruna", c="kiruna", d="kiruna", e="svalbard")
    cut(fleet, "a", "b", "c", "d")
    fleet.pass_time(3000, step_s=10)
    for name in "abcd":
        assert fleet.satellite(name).phase is SatellitePhase.MISSED_CONTACT
        assert fleet.satellite(name).missed_passes <= 1
        found = condition(fleet, name, "StationSuspect")
        assert (found.status, found.reason) == ("True", "HeardNobody")
        assert found.message.startswith("The last pass is not counted: kiruna has heard nobody")
        told = [
            e for e in fleet.api.announced if (e.regarding.name, e.reason) == (name, found.type)
        ]
        assert [event.type for event in told] == ["Warning"]
    for satellite in fleet.satellites.values():
        satellite.linked = True
    fleet.pass_time(1000)
    assert {condition(fleet, name, "StationSuspect").status for name in fleet.satellites} == {
        "False"
    }


def test_who_is_heard_outside_of_its_contacts_has_a_plan_that_errs() -> None:
    fleet = seen_by(a="kiruna")
    fleet.pass_time(600)  # its pass has just ended
    written: list[str] = []
    fleet.observers.append(written.append)
    for _ in range(10):
        fleet.pass_time(5)
        fleet.satellites["a"].talk(fleet.api, fleet.now)
    fleet.pass_time(5)
    found = condition(fleet, "a", "ContactPlanAccurate")
    assert (found.status, found.reason) == ("False", "HeardLate")
    assert found.message.startswith("Heard 50 s after LOS over kiruna, at least 10 times. ")
    warnings = [e for e in fleet.api.announced if e.reason == "ContactPlanInaccurate"]
    assert [(e.regarding.name, e.type) for e in warnings] == [("a", "Warning")]
    assert len([w for w in written if "writes SatelliteNode a" in w]) < 7
    fleet.restart()
    fleet.pass_time(1000)
    assert condition(fleet, "a", "ContactPlanAccurate").status == "False"
    fleet.pass_time(2000)
    assert condition(fleet, "a", "ContactPlanAccurate").status == "True"
    assert fleet.satellite("a").heard_outside is None


def test_a_site_that_never_sets_has_no_plan_to_be_right_or_wrong() -> None:
    fleet = watched(1)
    fleet.pass_time(100)
    assert "ContactPlanAccurate" not in [c.type for c in fleet.satellite("sat-1").conditions]


def test_an_agent_that_is_silent_for_many_passes_is_told_of_once() -> None:
    fleet = seen_by(a="kiruna")
    fleet.satellites["a"].agent_runs = False
    fleet.pass_time(4000, step_s=10)
    assert condition(fleet, "a", "AgentSilent").status == "True"
    told = [e for e in fleet.api.announced if e.regarding.name == "a"]
    assert [event.reason for event in told].count("AgentSilent") == 1
    assert not {event.reason for event in told} & {"MissedContact", "Lost"}
    fleet.satellites["a"].agent_runs = True
    fleet.pass_time(1000, step_s=10)
    assert condition(fleet, "a", "AgentSilent").status == "False"
