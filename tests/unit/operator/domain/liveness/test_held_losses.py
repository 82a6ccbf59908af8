from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import contact, satellite_spec
from paper_fleet.views import at, hearing, known, satellite_view, window
from perigee_api.satellite_node import SatelliteNodeSpec, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.held_losses import HoldReason
from perigee_operator.domain.liveness.loss_budget import fleet_size, losses_allowed
from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.liveness.watch import fleet_phases

LOST, SUSPECT = SatellitePhase.LOST, SatellitePhase.SUSPECT
SILENT_S = 1000
IDLE, GONE = satellite_spec(maintenance=True), satellite_spec(decommissioned=True)
NOWHERE = SatelliteNodeSpec.model_validate({"orbit": {"unknown": {}}})


@pytest.mark.parametrize(
    ("size", "percent", "allowed"),
    [(1, 25, 1), (3, 25, 1), (4, 25, 1), (7, 25, 1), (8, 25, 2), (100, 25, 25), (8, 0, 1)],
)
def test_a_share_may_be_lost_within_an_hour_and_one_at_least(
    size: int, percent: float, allowed: int
) -> None:
    assert losses_allowed(size, percent) == allowed


def found(
    *, lost_s: dict[int, float] | None = None, consented: str = "", epoch: int = 1, **more: float
) -> str:
    """Which of eight satellites are Lost, all silent for `SILENT_S` or longer, by digit."""
    lost_at = lost_s or {}
    views = {
        str(n): satellite_view(
            str(n),
            heard_s=-n,
            consented_epoch=epoch if str(n) in consented else None,
            status=SatelliteNodeStatus(
                phase=SUSPECT, last_lost_time=at(lost_at[n]) if n in lost_at else None
            ),
        )
        for n in range(8)
    }
    now = more.get("now", SILENT_S)
    assessments, held = fleet_phases(views, hearing(), 25, at(now))
    lost = {name for name, each in assessments.items() if each.phase is LOST}
    assert lost | held.keys() == views.keys()
    assert lost & held.keys() == set()
    assert all(assessments[name].phase is SUSPECT for name in held)
    return "".join(sorted(lost))


def test_the_longest_silent_are_lost_first_and_the_rest_waits() -> None:
    assert found() == "67"


def test_losses_of_the_last_hour_count() -> None:
    assert found(lost_s={0: -2_000}) == "7"
    assert found(lost_s={0: -2_000, 1: -100}) == ""
    assert found(lost_s={0: -2_600, 1: -100}) == "7"
    assert found(lost_s={0: -2_601, 1: -2_700}) == "67"


def test_what_cannot_be_lost_is_no_part_of_the_fleet() -> None:
    others = [
        satellite_view("p", phase=SatellitePhase.PENDING),
        satellite_view("m", phase=SatellitePhase.MAINTENANCE),
        satellite_view("d", spec=GONE, phase=LOST),
    ]
    serving = [satellite_view(str(n), phase=phase) for n, phase in enumerate((SUSPECT, LOST))]
    assert fleet_size([*others, *serving]) == len(serving)


def test_the_share_is_of_what_can_be_lost() -> None:
    idle = {f"p{n}": satellite_view(f"p{n}", phase=SatellitePhase.PENDING) for n in range(8)}
    silent = {str(n): satellite_view(str(n), heard_s=-n) for n in range(3)}
    waiting = {name: replace(view, spec=IDLE) for name, view in idle.items()}
    _, held = fleet_phases(waiting | silent, hearing(), 25, at(SILENT_S))
    assert held.keys() == {"0", "1"}
    assert "but 1 satellites may be" in held["0"].message


def test_consent_takes_nothing_from_the_budget() -> None:
    assert found(consented="012") == "01267"
    assert found(consented="67") == "4567"
    assert found(consented="0", epoch=0, lost_s={0: -100}) == "67"


def test_consent_to_one_loss_is_none_to_the_next() -> None:
    assert found(consented="0", epoch=0) == "67"
    assert found(consented="0", epoch=2) == "67"


def test_what_is_held_says_how_to_consent() -> None:
    views = {n: satellite_view(n, heard_s=0) for n in "ab"}
    _, held = fleet_phases(views, hearing(), 25, at(SILENT_S))
    assert "kubectl annotate --overwrite sat b perigee.space/lost-consent=1" in held["b"].message
    assert "last heard at 2026-03-01 12:00:00 UTC" in held["b"].message


PASSES = satellite_spec(contacts=[contact(0, 100, every=1000, station="kiruna")])


def test_a_loss_by_missed_passes_needs_somebody_else_s_word() -> None:
    status = SatelliteNodeStatus(phase=SatellitePhase.MISSED_CONTACT)
    views = {
        "dead": satellite_view("dead", spec=PASSES, status=status, heard_s=-5000),
        "dark": satellite_view("dark", heard_s=-5000, contacts=known([window(50_000, 51_000)])),
    }
    # For a while nobody is called.
    found, held = fleet_phases(views, hearing(-1500, until_s=1050), 25, at(1159))
    assert (found["dead"].phase, held) == (SatellitePhase.MISSED_CONTACT, {})
    found, held = fleet_phases(views, hearing(-1500, until_s=1050), 25, at(1160))
    assert (found["dead"].phase, held["dead"].reason) == (SUSPECT, HoldReason.GROUND_DEAF)
    assert "kubectl annotate" in held["dead"].message
    for moment in (1101, 1159, 2000):
        found, held = fleet_phases(views, hearing(-1500, until_s=1101), 25, at(moment))
        assert (found["dead"].phase, held) == (LOST, {})


@pytest.mark.parametrize(
    ("other", "alone"),
    [
        (satellite_view("a", phase=LOST, heard_s=-9e5), False),
        (satellite_view("a", phase=LOST, heard_s=None), False),
        (satellite_view("a", phase=SatellitePhase.MAINTENANCE, spec=IDLE, heard_s=-9e5), False),
        (satellite_view("a", phase=SatellitePhase.MAINTENANCE, spec=IDLE, heard_s=None), True),
        (satellite_view("a", phase=SatellitePhase.PENDING, spec=NOWHERE, heard_s=-9e5), False),
        (satellite_view("a", phase=SatellitePhase.PENDING, spec=NOWHERE, heard_s=None), True),
        (satellite_view("a", phase=LOST, spec=GONE, heard_s=-9e5), True),
    ],
    ids=["lost", "lost, never heard", "idle", "idle, never heard", "new", "not there yet", "gone"],
)
def test_one_of_two_is_not_alone_for_as_long_as_the_other_could_be_heard(
    other: SatelliteView, *, alone: bool
) -> None:
    views = {"a": other, "b": satellite_view("b", heard_s=0)}
    ground = hearing(-10_000, until_s=0)
    found, held = fleet_phases(views, ground, 25, at(SILENT_S))
    assert (found["b"].phase, set(held)) == ((LOST, set()) if alone else (SUSPECT, {"b"}))


def test_old_elements_lose_nobody() -> None:
    elements = replace(known([window(-10_000, None)]), epoch=at(-9e5), stale_from=at(0))
    view = satellite_view("s", heard_s=-1000, contacts=elements)
    found, held = fleet_phases({"s": view}, hearing(), 25, at(0))
    assert found["s"].phase is SUSPECT
    assert held["s"].reason is HoldReason.ELEMENTS_STALE
    agreed = replace(view, consented_epoch=1)
    found, held = fleet_phases({"s": agreed}, hearing(), 25, at(0))
    assert (found["s"].phase, held) == (LOST, {})
    fresh = replace(view, contacts=replace(elements, stale_from=at(1)))
    assert fleet_phases({"s": fresh}, hearing(), 25, at(0))[1] == {}


@given(
    kinds=st.lists(st.sampled_from(["site", "kiruna", "svalbard"]), min_size=2, max_size=6),
    silent_at=st.integers(0, 3000),
    moments=st.lists(st.integers(0, 20_000), min_size=1, max_size=12),
)
def test_total_silence_moves_nothing(kinds: list[str], silent_at: int, moments: list[int]) -> None:
    """Whatever is in contact when, once nobody is heard any more nobody is Lost."""
    specs = {
        "site": satellite_spec(),
        "kiruna": PASSES,
        "svalbard": satellite_spec(contacts=[contact(300, 500, every=700, station="svalbard")]),
    }
    views = {
        str(n): satellite_view(str(n), spec=specs[kind], heard_s=silent_at - n)
        for n, kind in enumerate(kinds)
    }
    ground = hearing(-10_000, until_s=silent_at)
    for moment in sorted(moments):
        found, _ = fleet_phases(views, ground, 100, at(silent_at + moment))
        for name, each in found.items():
            assert each.phase is not LOST
            views[name] = replace(views[name], status=recorded(each))


def recorded(found: Assessment) -> SatelliteNodeStatus:
    return SatelliteNodeStatus(
        phase=found.phase,
        missed_passes=found.missed.count,
        missed_passes_since=found.missed.since,
        passes_judged_until=found.missed.judged_until,
    )


@given(
    heard=st.lists(st.integers(0, 2000), min_size=1, max_size=30),
    percent=st.integers(0, 100),
)
def test_no_look_loses_more_than_the_budget(heard: list[int], percent: int) -> None:
    views = {str(n): satellite_view(str(n), heard_s=age) for n, age in enumerate(heard)}
    assessments, _ = fleet_phases(views, hearing(), percent, at(2000))
    lost = sum(each.phase is LOST for each in assessments.values())
    assert lost <= losses_allowed(len(views), percent)
