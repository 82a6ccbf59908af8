"""A watch that was kept finds what one that has just begun finds."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import contact, satellite_spec
from paper_fleet.views import at, heartbeat, satellite_view
from perigee_api.satellite_node import SatelliteNodeSpec, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import Hearing, SatelliteView
from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.liveness.watch import Watch, fleet_phases
from perigee_operator.domain.roster import Roster

SPECS = [
    satellite_spec(),
    satellite_spec(contacts=[contact(0, 100, every=1000, station="kiruna")]),
    satellite_spec(contacts=[contact(50, 170, every=600, station="kiruna")]),
    satellite_spec(contacts=[contact(0, 4000, every=9000)]),
    satellite_spec(maintenance=True),
]


@dataclass
class Fleet:
    """Satellites that are heard now and then, and what the ground makes of that."""

    views: dict[str, SatelliteView]
    hearing: Hearing = field(default_factory=lambda: Hearing(at(-100)))

    def beat(self, name: str, now: datetime, seconds: float) -> None:
        heard_since = self.hearing.heard_since or now
        self.hearing = replace(self.hearing, heard_since=heard_since, heard_until=now)
        self.views[name] = replace(self.views[name], heartbeat=heartbeat(seconds))

    def record(self, name: str, found: Assessment, now: datetime) -> None:
        old = self.views[name].status
        newly = found.phase is SatellitePhase.LOST and old.phase is not SatellitePhase.LOST
        status = SatelliteNodeStatus(
            phase=found.phase,
            last_lost_time=now if newly else old.last_lost_time,
            missed_passes=found.missed.count,
            missed_passes_since=found.missed.since,
            passes_judged_until=found.missed.judged_until,
        )
        if status != old:
            self.views[name] = replace(self.views[name], status=status)


@given(
    specs=st.lists(st.sampled_from(SPECS), min_size=1, max_size=5),
    steps=st.lists(
        st.tuples(st.floats(0, 400), st.sets(st.integers(0, 4)), st.booleans()),
        min_size=1,
        max_size=25,
    ),
)
def test_what_is_kept_is_what_would_be_found(
    specs: list[SatelliteNodeSpec], steps: list[tuple[float, set[int], bool]]
) -> None:
    views = {f"s{n}": satellite_view(f"s{n}", spec=spec, heard_s=0) for n, spec in enumerate(specs)}
    fleet, watch, seconds = Fleet(views), Watch(), 0.0
    for step_s, beating, is_heard in steps:
        seconds += step_s
        now = at(seconds)
        fleet.hearing = replace(fleet.hearing, observing_since=at(-100) if is_heard else None)
        for number in beating & set(range(len(specs))):
            fleet.beat(f"s{number}", now, seconds)
        watch.see(Roster(tuple(fleet.views.values())))
        kept, kept_held = watch.look(fleet.hearing, 50, now)
        anew, anew_held = fleet_phases(fleet.views, fleet.hearing, 50, now)
        assert kept_held == anew_held
        for name, found in anew.items():
            # Time until a change is told from the moment of the look.
            assert kept[name] == replace(found, next_change_s=kept[name].next_change_s)
            if not found.stands:
                fleet.record(name, found, now)


def test_who_is_gone_is_forgotten() -> None:
    watch, ground = Watch(), Hearing(at(-100))
    views = [satellite_view(name, heard_s=0) for name in "ab"]
    watch.see(Roster(views))
    assert set(watch.look(ground, 25, at(0))[0]) == {"a", "b"}
    watch.see(Roster(views[:1]))
    assert set(watch.look(ground, 25, at(1))[0]) == {"a"}


def test_only_what_can_have_changed_is_assessed() -> None:
    watch, ground = Watch(), Hearing(at(-100))
    views = [satellite_view(name, spec=SPECS[1], heard_s=0) for name in "abc"]
    watch.see(Roster(views))
    watch.look(ground, 25, at(0))
    assert watch.assessed == ["a", "b", "c"]
    watch.look(ground, 25, at(1))
    assert watch.assessed == []
    watch.see(Roster([views[0], replace(views[1], heartbeat=heartbeat(2)), views[2]]))
    watch.look(ground, 25, at(2))
    assert watch.assessed == ["b"]
    due = watch.next_due()
    assert due == at(30)
    watch.look(ground, 25, due)
    assert watch.assessed == ["a", "c"]
