"""Which agents end now, and why none does."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import START, contact, satellite_spec
from paper_fleet.views import agent, at, contacts_of, satellite, satellite_view
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.agents.agent import ABSENT, AgentSetView, AgentView
from perigee_operator.domain.agents.replacement import (
    DEADLINE_S,
    SHARE_PERCENT,
    START_S,
    Replacement,
    replacement,
)
from perigee_operator.domain.kinds import POD
from perigee_operator.domain.writes import Delete, ObjectKey, Track

IN_CONTACT = SatellitePhase.IN_CONTACT
REVISIONS = {"old": 1, "new": 2}


@dataclass
class Fleet:
    """Satellites that are always in contact, with the old agent, unless a test says otherwise."""

    agents: dict[str, AgentView | None]
    satellites: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name, what differs of one."""
    heard_s: dict[str, float | None] = field(default_factory=dict)
    to_fetch: dict[str, int] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=lambda: REVISIONS)

    def look(self, moment: float = 0) -> Replacement:
        present = {n: a for n, a in self.agents.items() if a not in (None, ABSENT)}
        view = AgentSetView("perigee", {}, self.revisions, present, self.to_fetch)
        satellites = {n: satellite(n, **self.satellites.get(n, {})) for n in self.agents}
        views = [
            replace(satellite_view(name, heard_s=self.heard_s.get(name, 0)), agent=found)
            for name, found in self.agents.items()
        ]
        return replacement(view, views, satellites, at(moment))

    def ending(self, moment: float = 0) -> list[str]:
        return [track.name.removeprefix("agent/") for track in self.look(moment).tracks]


def fleet(old: int = 0, new: int = 0, **more: Any) -> Fleet:
    """So many with the old agent, ``sat-1`` and on, and then so many with the new one."""
    revisions = ["old"] * old + ["new"] * new
    named = {f"sat-{n}": r for n, r in enumerate(revisions, 1)}
    return Fleet({name: agent(name, revision) for name, revision in named.items()}, **more)


def passing(left_s: float, guard_s: float = 0) -> dict[str, Any]:
    """A satellite that sets after so many seconds."""
    spec = satellite_spec(contacts=[contact(-500, left_s, every=6000)])
    known = contacts_of(spec.orbit)
    windows = tuple(replace(w, guard_s=guard_s) for w in known.windows)
    return {"contacts": replace(known, windows=windows)}


def test_it_ends_the_pod_that_was_seen() -> None:
    delete = Delete(ObjectKey(POD, "perigee-agent-sat-1", "perigee"), "uid-agent-sat-1")
    assert fleet(old=1).look() == Replacement((Track("agent/sat-1", (delete,)),))


@pytest.mark.parametrize(
    ("old", "new", "ending"),
    [(0, 5, 0), (9, 0, 1), (1, 1, 1), (7, 1, 2), (39, 1, 10), (3, 37, 3)],
)
def test_one_comes_first_and_then_a_share(old: int, new: int, ending: int) -> None:
    assert len(fleet(old, new).ending()) == ending


UNDER_WAY: dict[str, AgentView] = {
    "not ready yet": agent("sat-9", ready=False, since_s=-10, created_at=at(-10)),
    "not heard yet": agent("sat-9", since_s=5),
    "heard before it came": agent("sat-9", since_s=-0.5),
    "told to end": agent("sat-9", "old", deleting=True, changed_at=at(-10)),
    "gone, and the next not there yet": ABSENT,
    "of a template that is not known yet": agent("sat-9", "newest", since_s=5),
}


@pytest.mark.parametrize("found", UNDER_WAY.values(), ids=UNDER_WAY)
@pytest.mark.parametrize("phase", [IN_CONTACT, SatellitePhase.EXPECTED_DARK, SatellitePhase.LOST])
def test_while_one_is_under_way_no_other_ends(found: AgentView, phase: SatellitePhase) -> None:
    known = fleet(old=3, new=1, satellites={"sat-9": {"phase": phase}})
    known.agents["sat-9"] = found
    assert known.look() == Replacement()


@pytest.mark.parametrize("found", UNDER_WAY.values(), ids=UNDER_WAY)
@pytest.mark.parametrize(
    "differs", [{"phase": SatellitePhase.PENDING}, {"phase": SatellitePhase.MAINTENANCE}]
)
def test_what_is_out_of_service_holds_up_nobody(found: AgentView, differs: dict[str, Any]) -> None:
    known = fleet(old=3, satellites={"sat-9": differs})
    known.agents["sat-9"] = found
    assert len(known.ending()) == 1


@pytest.mark.parametrize(
    "differs",
    [
        {"phase": SatellitePhase.EXPECTED_DARK},
        {"phase": SatellitePhase.SUSPECT},
        {"phase": SatellitePhase.LOST},
        {"phase": SatellitePhase.MAINTENANCE, "reachable": True},
        {"reachable": False},
        {"settled": False},
        {"leaving": True},
        passing(left_s=START_S - 1),
        passing(left_s=START_S + 9, guard_s=10),
        passing(left_s=-1),
    ],
)
def test_nobody_ends_where_it_cannot_be_counted_on(differs: dict[str, Any]) -> None:
    assert fleet(old=1, satellites={"sat-1": differs}).look() == Replacement()


@pytest.mark.parametrize(
    ("fetch_s", "left_s", "ends"), [(0, 60, True), (300, 360, True), (300, 359, False)]
)
def test_the_image_must_come_in_this_pass(fetch_s: float, left_s: float, *, ends: bool) -> None:
    rates = {"uplink_kbit_s": 256}
    known = fleet(old=1, satellites={"sat-1": passing(left_s) | rates})
    known.to_fetch["sat-1"] = round(fetch_s * 256 * 1000 / 8)
    assert bool(known.ending()) is ends


def test_another_station_takes_over_before_the_first_loses_it() -> None:
    plan = [contact(-100, 40, station="a"), contact(30, 70, station="b")]
    windows = {"contacts": contacts_of(satellite_spec(contacts=plan).orbit)}
    assert fleet(old=1, satellites={"sat-1": windows}).ending() == ["sat-1"]


def test_whoever_stays_longest_comes_first_and_whoever_is_silent_last() -> None:
    known = fleet(old=4, satellites={"sat-1": passing(100), "sat-2": passing(200)})
    known.agents["sat-3"] = agent("sat-3", "old", ready=False)
    order = []
    while ending := known.ending():
        order += ending
        known.agents |= {name: agent(name, "new") for name in ending}
    assert order == ["sat-4", "sat-2", "sat-1", "sat-3"]


@pytest.mark.parametrize(
    ("moment", "stuck"), [(DEADLINE_S - 10, False), (DEADLINE_S - 9, True), (10_000, True)]
)
def test_an_agent_that_does_not_come_up_stops_all_others(moment: float, *, stuck: bool) -> None:
    known = fleet(old=20, new=20)
    known.agents["sat-9"] = agent("sat-9", ready=False, since_s=-10)
    found = known.look(moment)
    assert bool(found.tracks) is not stuck
    assert found.stuck.keys() == ({"sat-9"} if stuck else set())


def test_why_it_is_stuck() -> None:
    known = fleet(new=1)
    known.agents["sat-9"] = agent("sat-9", "old", deleting=True)
    assert known.look().stuck["sat-9"] == (
        "The agent's Pod perigee-agent-sat-9 has not ended after 300 s of contact, beside what its "
        "image takes. No other agent is replaced meanwhile."
    )


def test_the_deadline_counts_contact_and_allows_for_the_image() -> None:
    known = fleet(satellites={"sat-9": passing(100) | {"uplink_kbit_s": 100}})
    known.agents["sat-9"] = agent("sat-9", ready=False, since_s=-10)
    assert not known.look(5000).stuck, "110 s of contact"
    assert known.look(6000).stuck, "and 500 more"
    known.to_fetch["sat-9"] = 2_000_000
    assert not known.look(6000).stuck, "160 s for the image, twice"


@pytest.mark.parametrize(
    "agents", [None, AgentSetView("perigee", {}, {}, {"sat-1": agent("sat-1", "old")})]
)
def test_nothing_is_known_to_be_outdated(agents: AgentSetView | None) -> None:
    assert replacement(agents, (), {}, START) == Replacement()


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    count = draw(st.integers(1, 24))
    states = st.sampled_from(
        [
            agent(revision="old"),
            agent(revision="new"),
            agent(revision="new", ready=False, since_s=-10),
            agent(revision="old", deleting=True, changed_at=at(-10)),
            ABSENT,
        ]
    )
    places: list[dict[str, Any]] = [
        {},
        {"phase": SatellitePhase.EXPECTED_DARK},
        {"phase": SatellitePhase.SUSPECT},
        {"settled": False},
        {"leaving": True},
        passing(30),
    ]
    found = Fleet({})
    for number in range(1, count + 1):
        name, state = f"sat-{number}", draw(states)
        if state is not ABSENT:
            state = replace(state, name=f"perigee-agent-{name}", uid=name)
        found.agents[name] = state
        found.satellites[name] = draw(st.sampled_from(places))
    return found


def is_under_way(known: Fleet, name: str) -> bool:
    found = known.agents[name]
    assert found is not None
    return found.deleting or (found.revision != "old" and not found.ready)


def in_service(known: Fleet) -> Iterable[str]:
    return [n for n in known.agents if not known.satellites[n].get("leaving")]


def reachable(known: Fleet) -> list[str]:
    return [
        name
        for name in in_service(known)
        if known.satellites[name].get("phase", IN_CONTACT) is IN_CONTACT
    ]


@given(fleets())
def test_never_more_than_the_share_and_never_one_that_is_not_reachable(known: Fleet) -> None:
    ending = set(known.ending())
    under_way = {name for name in in_service(known) if is_under_way(known, name)}
    allowed = max(1, len(reachable(known)) * SHARE_PERCENT // 100)
    assert not ending or len(ending | under_way) <= allowed
    assert ending <= set(reachable(known)) - under_way
    for name in ending:
        assert known.satellites[name] == {}
        assert known.agents[name] == agent(name, "old", name=f"perigee-agent-{name}", uid=name)


@given(fleets(), st.randoms(use_true_random=False))
def test_in_the_end_all_in_contact_are_current(known: Fleet, chance: Any) -> None:
    """Each that was ended comes up by and by, in any order, as do those that were under way."""
    for _ in range(3 * len(known.agents)):
        for name in known.ending():
            known.agents[name] = ABSENT
        waiting = [n for n, found in known.agents.items() if is_under_way(known, n)]
        if waiting:
            name = chance.choice(waiting)
            known.agents[name] = agent(name, "new")
    left = [n for n, found in known.agents.items() if found and found.revision == "old"]
    assert not [name for name in left if known.satellites[name] == {}]
