from dataclasses import replace
from datetime import timedelta

from paper_fleet.views import at, hearing, satellite_view
from perigee_api.base import Condition
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.returns import AT_ONCE, PERIOD, held_returns
from perigee_operator.domain.liveness.watch import TURN, Watch
from perigee_operator.domain.roster import Roster

LOST = SatellitePhase.LOST


def lost(name: str, lost_s: float) -> SatelliteView:
    """Lost then, and heard again at 0 s."""
    status = SatelliteNodeStatus(phase=LOST, last_lost_time=at(lost_s))
    return satellite_view(name, status=status, heard_s=0)


def back(view: SatelliteView, at_s: float) -> SatelliteView:
    """It has come back then."""
    ready = Condition(
        type="Ready", status="True", reason="InContact", last_transition_time=at(at_s)
    )
    update = {"phase": SatellitePhase.IN_CONTACT, "conditions": [ready]}
    return replace(view, status=view.status.model_copy(update=update))


FLEET = {f"s{n:03d}": lost(f"s{n:03d}", -1000 + n) for n in range(2 * AT_ONCE)}


def test_who_was_lost_first_comes_back_first() -> None:
    held = held_returns(FLEET, FLEET.keys(), at(0))
    assert held == frozenset(list(FLEET)[AT_ONCE:])


def test_what_came_back_of_late_counts() -> None:
    some = list(FLEET)[: AT_ONCE - 1]
    fleet = FLEET | {name: back(FLEET[name], 1) for name in some}
    waiting = [name for name in FLEET if name not in some]
    assert held_returns(fleet, waiting, at(2)) == frozenset(waiting[1:])
    later = at(1) + PERIOD
    assert held_returns(fleet, waiting, later) == frozenset(waiting[AT_ONCE:])
    # One that has never been Lost is nobody's return.
    never = replace(
        fleet[some[0]], status=fleet[some[0]].status.model_copy(update={"last_lost_time": None})
    )
    assert len(held_returns(fleet | {some[0]: never}, waiting, at(2))) == len(waiting) - 2


def test_a_crowd_comes_back_in_turns() -> None:
    watch, fleet, now = Watch(), dict(FLEET), at(1)
    arrivals: list[int] = []
    while any(view.status.phase is LOST for view in fleet.values()):
        watch.see(Roster(tuple(fleet.values())))
        found, _ = watch.look(hearing(), 25, now)
        came = [
            n for n, v in fleet.items() if v.status.phase is LOST and found[n].phase is not LOST
        ]
        arrivals.append(len(came))
        seconds = (now - at(0)).total_seconds()
        fleet |= {name: back(fleet[name], seconds) for name in came}
        if any(view.status.phase is LOST for view in fleet.values()):
            assert watch.next_due() == now + TURN
        now += TURN
    assert [count for count in arrivals if count] == [AT_ONCE, AT_ONCE]
    assert timedelta(seconds=len(arrivals) - 1) == PERIOD
