from dataclasses import replace

import pytest

from paper_fleet.intents import START, contact, satellite_spec
from paper_fleet.views import (
    assessed,
    assignment,
    at,
    hearing,
    heartbeat,
    node,
    satellite_view,
)
from perigee_api.base import Condition
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.satellite import (
    Satellite,
    departing,
    is_alike,
    satellite,
    seconds_until_withdrawal,
    steady_for_s,
)

PASSES = satellite_spec(contacts=[contact(0, 100, every=1000)])
GUARD_S = 5


def seen(view: SatelliteView, moment: float) -> Satellite:
    found = satellite(view, assessed(view, moment, hearing(-100)), GUARD_S, at(moment))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("moment", "heard_s", "is_reachable"),
    [
        (50, 48, True),
        (94.9, 90, True),
        (95, 90, False),
        (99, 98, False),
        (100, 99, False),
        (110, 99, False),
        (129, 99, False),
        (110, 101, True),
        (1001, 101, True),
    ],
)
def test_the_ground_asks_nobody_who_sets(
    *,
    moment: float,
    heard_s: float,
    is_reachable: bool,
) -> None:
    # The phase follows the last heartbeat, and stays for a while when contact has ended.
    assert seen(satellite_view(spec=PASSES, heard_s=heard_s), moment).reachable is is_reachable


def test_another_station_takes_over() -> None:
    relay = [contact(0, 100, station="a"), contact(98, 200, station="b")]
    view = satellite_view(spec=satellite_spec(contacts=relay), heard_s=95)
    assert seen(view, 97).reachable
    assert seen(view, 99).reachable


@pytest.mark.parametrize("phase", set(SatellitePhase) - {SatellitePhase.IN_CONTACT})
def test_only_who_is_in_contact_can_be_reached(phase: SatellitePhase) -> None:
    assert not seen(satellite_view(phase=phase, heard_s=-900), 50).reachable


@pytest.mark.parametrize(("age_s", "is_reachable"), [(30, True), (31, False)])
def test_in_maintenance_it_is_reached_while_it_is_heard(
    *,
    age_s: float,
    is_reachable: bool,
) -> None:
    spec = satellite_spec(maintenance=True)
    view = satellite_view(spec=spec, phase=SatellitePhase.MAINTENANCE, heard_s=0)
    found = seen(view, age_s)
    assert found.reachable is is_reachable
    assert found.leaving
    assert not found.usable


@pytest.mark.parametrize(
    ("moment", "seconds"), [(-10, 10), (0, 95), (50, 45), (95, 5), (99, 1), (100, 900), (999, 1)]
)
def test_the_next_change_of_reach_is_foreseen(moment: float, seconds: float) -> None:
    found = seen(satellite_view(spec=PASSES, heard_s=-50), moment)
    assert seconds_until_withdrawal(found, GUARD_S, at(moment)) == seconds


def test_a_site_that_is_always_in_contact_never_withdraws() -> None:
    assert seconds_until_withdrawal(seen(satellite_view(), 0), GUARD_S, START) is None


@pytest.mark.parametrize(("since_s", "is_settled"), [(0, True), (1, False)])
def test_who_has_returned_settles(*, since_s: float, is_settled: bool) -> None:
    ready = Condition(
        type="Ready", status="True", reason="InContact", last_transition_time=at(since_s)
    )
    status = SatelliteNodeStatus(phase=SatellitePhase.IN_CONTACT, conditions=[ready])
    assert seen(satellite_view(status=status), 10).settled is is_settled
    lost = SatelliteNodeStatus(conditions=[ready.model_copy(update={"status": "False"})])
    assert not seen(satellite_view(status=lost), 10).settled


@pytest.mark.parametrize(
    ("heard_since_s", "linked_since_s", "routed_in_s"),
    [
        (None, None, None),
        (0, 0, 35),
        (-10, -10, 25),
        (-35, -35, 0),
        (-90, -90, 0),
        # Its link has not held all the time that it was heard,
        (-90, 0, 35),
        (-90, 20, 55),
        # and never does.
        (-560, 20, 10),
        (-900, 20, 0),
    ],
)
def test_routes_on_board_are_believed_some_time_after_it_has_risen(
    heard_since_s: float | None, linked_since_s: float | None, routed_in_s: float | None
) -> None:
    since = None if heard_since_s is None else at(heard_since_s)
    linked = None if linked_since_s is None else at(linked_since_s)
    ready = Condition(
        type="Ready", status="True", reason="InContact", last_transition_time=at(-100)
    )
    status = SatelliteNodeStatus(phase=SatellitePhase.IN_CONTACT, conditions=[ready])
    view = satellite_view(heard_since=since, linked_since=linked, status=status)
    found = seen(view, 30)
    assert found.routed is (routed_in_s == 0)
    assert steady_for_s(view, found, GUARD_S, at(30)) == (routed_in_s or None)
    dark = replace(view, status=SatelliteNodeStatus(phase=SatellitePhase.EXPECTED_DARK))
    assert not seen(dark, 30).routed


def test_what_was_assigned_and_what_is_out_of_service() -> None:
    view = replace(satellite_view(), heartbeat=heartbeat(assignment=assignment(1, 2)))
    found = seen(view, 1)
    assert len(found.assigned) == 2
    assert found.usable
    gone = replace(view, spec=satellite_spec(decommissioned=True))
    assert seen(gone, 1).out_of_service
    lost = replace(view, status=SatelliteNodeStatus(phase=SatellitePhase.LOST))
    assert seen(lost, 1).out_of_service
    assert not seen(lost, 1).leaving


def test_without_a_node_there_is_nothing_to_place_on() -> None:
    view = satellite_view(node=None)
    assert satellite(view, assessed(view, 0), GUARD_S, START) is None


def test_a_node_whose_resource_is_gone_is_about_to_leave() -> None:
    found = departing(node("sat-9"))
    assert found.out_of_service
    assert not found.lost
    assert found.reachable


def test_who_can_hold_as_much_is_alike() -> None:
    one = seen(satellite_view(node=node(allocatable={"memory": 1})), 0)
    assert is_alike(one, seen(satellite_view(node=node(allocatable={"memory": 1})), 1))
    assert not is_alike(one, seen(satellite_view(node=node(allocatable={"memory": 2})), 0))
    assert not is_alike(one, seen(satellite_view(), 0))


@pytest.mark.parametrize(("accurate", "errs"), [("True", False), ("False", True), (None, False)])
def test_a_plan_errs_once_that_is_recorded(*, accurate: str | None, errs: bool) -> None:
    conditions = [
        Condition(type=type_, status=status, reason="X", last_transition_time=at(0))
        for type_, status in (("ContactPlanAccurate", accurate), ("Ready", "False"))
        if status is not None
    ]
    status = SatelliteNodeStatus(phase=SatellitePhase.IN_CONTACT, conditions=conditions)
    assert seen(replace(satellite_view(), status=status), 1).plan_errs is errs
