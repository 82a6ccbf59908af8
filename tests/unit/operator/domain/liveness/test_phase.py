from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import contact, satellite_body, satellite_spec
from paper_fleet.views import agent, assessed, at, hearing, heartbeat, known, satellite_view, window
from perigee_api.heartbeat import Report
from perigee_api.satellite_node import SatelliteNodeSpec, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.agents.agent import ABSENT, AgentView
from perigee_operator.domain.liveness.missed_passes import NONE_MISSED
from perigee_operator.domain.liveness.phi import Rhythm

IN_CONTACT = SatellitePhase.IN_CONTACT
DARK = SatellitePhase.EXPECTED_DARK
SUSPECT = SatellitePhase.SUSPECT
LOST = SatellitePhase.LOST
PENDING = SatellitePhase.PENDING

PASSES = satellite_spec(contacts=[contact(0, 100, every=1000)])
"""100 s of contact, then 900 s of dark; suspect after 30 s; passes of 60 s and more count."""

MISSED = SatellitePhase.MISSED_CONTACT
ORDER = [IN_CONTACT, DARK, MISSED, SUSPECT, LOST]


def phase_at(moment: float, **given_view: Any) -> SatellitePhase:
    return assessed(satellite_view(**given_view), moment).phase


@pytest.mark.parametrize(
    ("silent_s", "phase"),
    [(0, IN_CONTACT), (30, IN_CONTACT), (31, SUSPECT), (59, SUSPECT), (60, LOST), (9999, LOST)],
)
def test_silence_of_a_site_that_is_always_in_contact(
    silent_s: float, phase: SatellitePhase
) -> None:
    assert phase_at(silent_s, heard_s=0) is phase


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        (80, IN_CONTACT),
        (110, IN_CONTACT),
        (111, DARK),
        (999, DARK),
        (1000, DARK),
        (1029, DARK),
        (1030, SUSPECT),
        (1099, SUSPECT),
        # It was heard in the pass that ended at 100 s: that one is not missed.
        (1100, MISSED),
        (1999, MISSED),
        (2030, SUSPECT),
        (2099, SUSPECT),
        (2100, LOST),
        (2500, LOST),
    ],
)
def test_a_pass_is_judged_as_a_whole_when_it_has_ended(
    moment: float, phase: SatellitePhase
) -> None:
    # Heard for the last time 20 s before contact ends.
    assert phase_at(moment, spec=PASSES, phase=DARK, heard_s=80) is phase


@pytest.mark.parametrize(("allowed", "lost_s"), [(1, 1100), (2, 2100), (5, 5100)])
def test_as_many_passes_may_be_missed_as_the_spec_allows(allowed: int, lost_s: float) -> None:
    spec = SatelliteNodeSpec.model_validate(
        satellite_body(contacts=[contact(0, 100, every=1000)])
        | {"liveness": {"missedPasses": allowed}}
    )
    assert phase_at(lost_s - 1, spec=spec, phase=DARK, heard_s=80) is not LOST
    assert phase_at(lost_s, spec=spec, phase=DARK, heard_s=80) is LOST


def test_short_passes_say_nothing() -> None:
    spec = satellite_spec(contacts=[contact(0, 59, every=1000)])
    assert phase_at(50_500, spec=spec, phase=DARK, heard_s=0) is DARK


def test_a_pass_that_was_listened_to_in_part_says_nothing() -> None:
    view = satellite_view(spec=PASSES, phase=DARK, heard_s=80)
    assert assessed(view, 1500, hearing(1040)).missed.count == 1
    assert assessed(view, 1500, hearing(1041)).missed.count == 0


def test_what_was_counted_before_goes_on_counting() -> None:
    status = SatelliteNodeStatus(
        phase=MISSED, missed_passes=1, missed_passes_since=at(-900), passes_judged_until=at(-800)
    )
    view = satellite_view(spec=PASSES, status=status, heard_s=-5000)
    found = assessed(view, 100, hearing(-10))
    assert (found.phase, found.missed.count, found.missed.since) == (LOST, 2, at(-900))
    assert found.missed.judged_until == at(100)
    # Judged already: it is not counted twice.
    assert assessed(view, -500, hearing(-10_000)).missed.count == 1


def test_a_heartbeat_ends_the_count() -> None:
    status = SatelliteNodeStatus(
        phase=MISSED, missed_passes=1, missed_passes_since=at(-900), passes_judged_until=at(-800)
    )
    found = assessed(satellite_view(spec=PASSES, status=status, heard_s=5), 10)
    assert (found.phase, found.missed) == (IN_CONTACT, NONE_MISSED)


@pytest.mark.parametrize(("guard_s", "counted"), [(0, 2), (20, 2), (20.1, 0), (60, 0)])
def test_what_lies_within_the_guards_does_not_count(guard_s: float, counted: int) -> None:
    windows = [window(n * 1000, n * 1000 + 100, guard_s=guard_s) for n in range(5)]
    view = satellite_view(spec=PASSES, phase=DARK, heard_s=80, contacts=known(windows))
    assert assessed(view, 2200).missed.count == counted


def test_overlapping_passes_over_two_stations_are_one() -> None:
    windows = [window(1000, 1070, station="a"), window(1050, 1120, station="b")]
    view = satellite_view(spec=PASSES, phase=DARK, heard_s=80, contacts=known(windows))
    assert assessed(view, 1100).missed.count == 0
    found = assessed(view, 1120)
    assert (found.missed.count, found.missed.since) == (1, at(1000))


@pytest.mark.parametrize(("length_s", "phase"), [(1800, LOST), (1799, SUSPECT)])
def test_only_a_long_contact_is_judged_before_it_ends(
    length_s: float, phase: SatellitePhase
) -> None:
    spec = satellite_spec(contacts=[contact(0, length_s)])
    assert phase_at(600, spec=spec, phase=DARK, heard_s=-10) is phase


def test_in_total_silence_nothing_is_proven() -> None:
    view = satellite_view(heard_s=0)
    for until_s, proven in ((59, False), (60, True)):
        found = assessed(view, 500, hearing(until_s=until_s))
        assert (found.phase, found.proven) == (LOST, proven)


def test_after_a_total_silence_proof_begins_anew() -> None:
    view = satellite_view(heard_s=0)
    ground = replace(hearing(until_s=1000), heard_since=at(950))
    assert not assessed(view, 1000, ground).proven
    assert assessed(view, 1010, replace(ground, heard_until=at(1010))).proven


def test_who_is_alone_needs_nobody_s_word() -> None:
    ground = replace(hearing(until_s=0), alone=True)
    found = assessed(satellite_view(heard_s=0), 60, ground)
    assert (found.phase, found.proven) == (LOST, True)


def test_uneven_heartbeats_earn_patience() -> None:
    uneven = Rhythm(planned_s=10, mean_s=30, deviation_s=20, samples=100)
    view = satellite_view(heard_s=0, rhythm=uneven)
    patience_s = uneven.silence_s(8)
    assert patience_s > 60
    assert assessed(view, patience_s - 1).phase is SUSPECT
    assert assessed(view, patience_s + 1).phase is LOST


def test_a_heartbeat_that_is_dated_ahead_is_not_overdue_until_it_would_be() -> None:
    view = satellite_view(heard_s=100)
    assert assessed(view, 40).next_change_s == 90


def test_an_agent_that_has_not_heard_of_a_new_interval_is_not_late() -> None:
    spec = satellite_spec(heartbeat_s=2, lost_after_s=6)
    slow = heartbeat(0, report=Report(sequence=1, heartbeat_interval_s=10))
    view = satellite_view(spec=spec, heartbeat=slow)
    assert assessed(view, 29).phase is IN_CONTACT
    assert assessed(view, 31).phase is LOST


@pytest.mark.parametrize("was", [IN_CONTACT, SUSPECT, DARK])
def test_when_contact_begins_the_first_heartbeat_is_awaited(was: SatellitePhase) -> None:
    found = assessed(satellite_view(spec=PASSES, phase=was, heard_s=95), 1010)
    assert found.reason == "Awaited"
    assert found.phase is was
    assert found.next_change_s == 20


@pytest.mark.parametrize("kubelet_s", [1002, 1005])
def test_a_kubelet_that_is_heard_first_in_a_pass_blames_no_agent(kubelet_s: float) -> None:
    view = satellite_view(spec=PASSES, phase=DARK, heard_s=95, kubelet_s=kubelet_s)
    assert not assessed(view, 1006).agent_silent


@pytest.mark.parametrize(
    ("now_s", "phase", "agent_silent"),
    [(40, IN_CONTACT, True), (75, IN_CONTACT, True), (76, SUSPECT, False), (96, LOST, False)],
)
def test_the_agent_s_death_is_not_the_satellite_s(
    *,
    now_s: float,
    phase: SatellitePhase,
    agent_silent: bool,
) -> None:
    # The kubelet is heard for the last time at 35.5 s, when the agent has been silent for as long.
    found = assessed(satellite_view(heard_s=0, kubelet_s=35.5), now_s)
    assert (found.phase, found.agent_silent) == (phase, agent_silent)


def test_an_agent_is_missed_without_predicted_contacts_too() -> None:
    spec = SatelliteNodeSpec.model_validate({"orbit": {"unknown": {}}})
    found = assessed(satellite_view(spec=spec, kubelet_s=35.5), 40)
    assert (found.phase, found.agent_silent) == (IN_CONTACT, True)


@pytest.mark.parametrize(
    ("kubelet_s", "phase"), [(30, LOST), (45, IN_CONTACT), (20, LOST), (-100, LOST)]
)
def test_a_satellite_is_lost_with_its_kubelet_only(kubelet_s: float, phase: SatellitePhase) -> None:
    # At 61 s the agent has been silent for long enough.
    assert phase_at(61, heard_s=0, kubelet_s=kubelet_s) is phase


def test_nothing_is_found_while_nobody_observes() -> None:
    for phase in SatellitePhase:
        found = assessed(satellite_view(phase=phase, heard_s=0), 99_999, hearing(None))
        assert found.phase is phase
        assert found.stands
        assert found.contacts.windows


def test_what_nobody_listened_to_is_no_silence() -> None:
    view = satellite_view(heard_s=0)
    assert assessed(view, 1000, hearing(990)).phase is IN_CONTACT
    assert assessed(view, 1000, hearing(960)).phase is SUSPECT
    assert assessed(view, 1000, hearing(940)).phase is LOST


@pytest.mark.parametrize(
    ("more", "phase", "reason"),
    [
        ({"spec": satellite_spec(maintenance=True)}, SatellitePhase.MAINTENANCE, "Maintenance"),
        ({"node": None}, PENDING, "NodeMissing"),
        ({"heartbeat": None, "phase": PENDING}, PENDING, "AwaitingAgent"),
    ],
)
def test_phases_that_do_not_depend_on_silence(
    more: dict[str, Any], phase: SatellitePhase, reason: str
) -> None:
    found = assessed(satellite_view(**more), 5, hearing(-100))
    assert (found.phase, found.reason) == (phase, reason)


@pytest.mark.parametrize("was", [PENDING, SatellitePhase.MAINTENANCE])
def test_what_leaves_maintenance_enters_service_as_if_it_had_just_joined(
    was: SatellitePhase,
) -> None:
    nowhere = SatelliteNodeSpec.model_validate({"orbit": {"unknown": {}}})
    assert phase_at(5, phase=was, spec=nowhere) is PENDING
    assert phase_at(5, phase=was, heard_s=None) is PENDING
    assert phase_at(5, phase=was) is IN_CONTACT


@pytest.mark.parametrize("phase", SatellitePhase)
def test_a_spec_that_makes_no_sense_changes_no_phase(phase: SatellitePhase) -> None:
    view = replace(satellite_view(phase=phase), spec=None, spec_error="orbit: Field required")
    found = assessed(view, 9999, hearing(-100))
    assert (found.phase, found.reason) == (phase, "SpecInvalid")
    assert found.message == "orbit: Field required"


@pytest.mark.parametrize(
    ("heard_s", "kubelet_s", "phase"),
    [(40, 50, LOST), (101, 50, IN_CONTACT), (40, 101, IN_CONTACT)],
)
def test_only_a_sign_of_life_ends_a_loss(
    heard_s: float, kubelet_s: float, phase: SatellitePhase
) -> None:
    status = SatelliteNodeStatus(phase=LOST, last_lost_time=at(100))
    view = satellite_view(status=status, heard_s=heard_s, kubelet_s=kubelet_s)
    assert assessed(view, 110, hearing(-100)).phase is phase


def test_a_lost_satellite_stays_so_stands_still() -> None:
    status = SatelliteNodeStatus(phase=LOST, last_lost_time=at(90))
    view = satellite_view(spec=PASSES, status=status, heard_s=10)
    assert assessed(view, 500, hearing(-100)).phase is LOST


NEXT: dict[str, AgentView] = {
    "ends": agent("old", deleting=True),
    "is to come": ABSENT,
    "starts": agent(since_s=10, ready=False),
    "has been heard": agent(since_s=-100),
}


@pytest.mark.parametrize(
    ("found", "moment", "phase", "reason"),
    [
        ("ends", 30, IN_CONTACT, "Heard"),
        ("ends", 31, IN_CONTACT, "AgentReplaced"),
        ("is to come", 31, IN_CONTACT, "AgentReplaced"),
        ("starts", 31, IN_CONTACT, "AgentReplaced"),
        ("starts", 60, IN_CONTACT, "AgentReplaced"),
        ("starts", 66, LOST, "Silent"),
        ("has been heard", 31, SUSPECT, "Silent"),
    ],
)
def test_while_the_agent_is_replaced_the_kubelet_speaks_for_the_satellite(
    found: str, moment: float, phase: SatellitePhase, reason: str
) -> None:
    view = satellite_view(heard_s=0, kubelet_s=25, agent=NEXT[found])
    assessment = assessed(view, moment)
    assert (assessment.phase, assessment.reason) == (phase, reason)
    assert not assessment.agent_silent


def test_an_agent_that_stays_away_is_silent_though_it_was_replaced() -> None:
    view = satellite_view(heard_s=0, kubelet_s=35, agent=NEXT["starts"])
    assert assessed(view, 36).reason == "AgentSilent"


@given(
    heard=st.integers(-500, 3000),
    kubelet=st.integers(-500, 3000) | st.none(),
    was=st.sampled_from([IN_CONTACT, DARK, MISSED, SUSPECT]),
    pass_number=st.integers(0, 3),
    dark_s=st.integers(0, 899),
)
def test_the_dark_makes_nothing_worse(
    heard: int, kubelet: int | None, was: SatellitePhase, pass_number: int, dark_s: int
) -> None:
    """Whatever is found in the dark was found already when the pass ended."""
    view = satellite_view(spec=PASSES, phase=was, heard_s=heard, kubelet_s=kubelet)
    ended = 1000 * pass_number + 100
    at_end = assessed(view, ended, hearing(-500))
    later = assessed(view, ended + dark_s, hearing(-500))
    if heard <= ended and (kubelet is None or kubelet <= ended):
        assert later.missed == at_end.missed
        # Only what was fresh then fades.
        assert later.phase is at_end.phase or (later.phase, at_end.phase) == (DARK, IN_CONTACT)


@given(was=st.sampled_from(sorted(ORDER)), silent=st.integers(0, 5000), moment=st.integers(0, 5000))
def test_a_heartbeat_clears_everything(was: SatellitePhase, silent: int, moment: int) -> None:
    status = SatelliteNodeStatus(phase=was, last_lost_time=at(moment - silent - 1))
    for spec in (PASSES, satellite_spec()):
        view = satellite_view(spec=spec, status=status, heard_s=moment)
        assert assessed(view, moment, hearing(-500)).phase is IN_CONTACT


@given(
    heard=st.integers(0, 99),
    kubelet_lag=st.integers(0, 10),
    moments=st.lists(st.integers(0, 4000), min_size=2, max_size=6),
)
def test_silence_never_makes_it_better(heard: int, kubelet_lag: int, moments: list[int]) -> None:
    """Among moments in contact, a later one finds no milder phase."""
    phase = IN_CONTACT
    rank = 0
    for moment in sorted(m + heard for m in moments):
        if moment % 1000 >= 100:
            continue
        view = satellite_view(
            spec=PASSES, phase=phase, heard_s=heard, kubelet_s=max(0, heard - kubelet_lag)
        )
        phase = assessed(view, moment, hearing(-500)).phase
        assert ORDER.index(phase) >= rank
        rank = ORDER.index(phase)
