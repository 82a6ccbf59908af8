"""Whether a pass that went by in silence counts, by what others that passed showed."""

from dataclasses import replace

import pytest

from paper_fleet.intents import satellite_body, satellite_spec
from paper_fleet.views import assessed, at, heartbeat, known, satellite_view, window
from perigee_api.satellite_node import SatelliteNodeSpec, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.missed_passes import NONE_MISSED, MissedPasses
from perigee_operator.domain.satellite_status import Sighting, satellite_status

SPEC = satellite_spec()


def passing(name: str, *passes: tuple[float, float, str], heard_s: float | None) -> SatelliteView:
    """A satellite with passes over stations, heard for the last time then."""
    windows = [window(start, end, station=station) for start, end, station in passes]
    return satellite_view(
        name,
        spec=SPEC,
        phase=SatellitePhase.EXPECTED_DARK,
        heard_s=heard_s,
        contacts=known(windows),
    )


SILENT = passing("silent", (1000, 1200, "kiruna"), heard_s=-500)
"""Its pass over Kiruna is judged at 1200 s."""
DEAD = passing("dead", (600, 800, "kiruna"), heard_s=-100)
SECOND = passing("second", (650, 850, "kiruna"), heard_s=-200)
"""With these two a station has missed three, if it has heard nobody since."""


def counts(*others: SatelliteView, silent: SatelliteView = SILENT, at_s: float = 1200) -> bool:
    return assessed(silent, at_s, others=others).missed.count == 1


def test_a_pass_counts_where_nobody_says_anything() -> None:
    assert counts()
    never = passing("never", (5000, 5200, "kiruna"), heard_s=None)
    assert counts(never, replace(never, name="nor this one"))


def test_a_station_that_two_miss_is_not_to_blame() -> None:
    assert counts(DEAD)


def test_a_station_that_three_miss_and_nobody_is_heard_through_is_to_blame() -> None:
    assert not counts(DEAD, SECOND)


def test_two_dead_satellites_of_one_station_are_lost_one_after_the_other() -> None:
    spec = SatelliteNodeSpec.model_validate(satellite_body() | {"liveness": {"missedPasses": 1}})
    dead, second = (replace(each, spec=spec) for each in (DEAD, SECOND))
    assert assessed(dead, 800, others=[second]).phase is SatellitePhase.LOST
    assert assessed(second, 850, others=[dead]).phase is SatellitePhase.LOST


def test_who_is_heard_through_none_of_two_stations_doubts_both() -> None:
    # Stations that lie close together may see no satellite alone.
    both = passing("both", (600, 750, "kiruna"), (700, 800, "svalbard"), heard_s=-100)
    assert not counts(both, SECOND)


@pytest.mark.parametrize(
    "other",
    [
        passing("other", (600, 800, "svalbard"), heard_s=-100),
        passing("other", (600, 659, "kiruna"), heard_s=-100),
        passing("other", (1150, 1350, "kiruna"), heard_s=-100),
        passing("other", (600, 800, "kiruna"), heard_s=700),
        passing("other", (600, 800, "kiruna"), heard_s=None),
    ],
    ids=["another station", "too short", "has hardly begun", "was heard", "never was heard"],
)
def test_what_says_nothing_against_the_station(other: SatelliteView) -> None:
    assert counts(other, SECOND)


def test_somebody_heard_since_proves_the_station() -> None:
    heard = passing("heard", (850, 950, "kiruna"), heard_s=900)
    assert counts(DEAD, SECOND, heard)
    # One that was heard before the others passed proves nothing.
    before = passing("before", (450, 550, "kiruna"), heard_s=500)
    assert not counts(DEAD, SECOND, before)


@pytest.mark.parametrize(("heard_s", "counted"), [(1140, 1), (1141, 0), (1199, 0)])
def test_a_station_that_hears_again_when_a_pass_is_nearly_over_proves_nothing(
    heard_s: float, counted: int
) -> None:
    heard = passing("heard", (900, 1500, "kiruna"), heard_s=heard_s)
    assert assessed(SILENT, 1200, others=[DEAD, SECOND, heard]).missed.count == counted


def heard_all_along(*passes: tuple[float, float, str], since_s: float) -> SatelliteView:
    """One that is still heard when the silent one's pass ends."""
    return replace(passing("heard", *passes, heard_s=1199), heard_since=at(since_s))


@pytest.mark.parametrize(("since_s", "counted"), [(900, 1), (1140, 1), (1141, 0)])
def test_who_is_heard_without_a_pause_proves_the_station_all_the_while(
    since_s: float, counted: int
) -> None:
    """Three have died; of the fourth only the last sign and the beginning of its run are known."""
    heard = heard_all_along((900, 1500, "kiruna"), since_s=since_s)
    assert assessed(SILENT, 1200, others=[DEAD, SECOND, heard]).missed.count == counted


def test_who_saw_another_station_then_proves_nothing_of_this_one() -> None:
    heard = heard_all_along((900, 1160, "svalbard"), (1150, 1500, "kiruna"), since_s=900)
    assert not counts(DEAD, SECOND, heard)
    heard = heard_all_along((900, 1090, "svalbard"), (1050, 1500, "kiruna"), since_s=900)
    assert not counts(DEAD, SECOND, heard), "the sign before may have come through the other one"
    heard = heard_all_along((900, 1079, "svalbard"), (1050, 1500, "kiruna"), since_s=900)
    assert counts(DEAD, SECOND, heard)


def test_who_is_in_sight_of_two_stations_proves_neither_alone() -> None:
    both = passing("both", (860, 950, "kiruna"), (860, 960, "svalbard"), heard_s=900)
    assert not counts(DEAD, SECOND, both)
    # It is enough for one that both would have heard.
    silent = passing("silent", (1000, 1200, "kiruna"), (1000, 1200, "svalbard"), heard_s=-500)
    assert counts(DEAD, SECOND, both, silent=silent)


def test_a_pass_counts_if_one_of_its_stations_is_beyond_doubt() -> None:
    silent = passing("silent", (1000, 1150, "kiruna"), (1100, 1200, "svalbard"), heard_s=-500)
    assert counts(DEAD, SECOND, silent=silent)
    deaf = passing("deaf", (600, 800, "svalbard"), heard_s=-100)
    assert counts(DEAD, SECOND, deaf, silent=silent)
    assert not counts(DEAD, SECOND, deaf, replace(deaf, name="fourth"), silent=silent)


def test_contacts_of_no_named_station_prove_and_doubt_nothing() -> None:
    """Two plans that name no station need not mean the same one."""

    def unnamed(name: str, begins_s: float, ends_s: float, heard_s: float) -> SatelliteView:
        given = known([window(begins_s, ends_s)])
        return replace(passing(name, heard_s=heard_s), contacts=given)

    others = [unnamed("a", 600, 800, -100), unnamed("b", 650, 850, -200)]
    assert counts(*others, silent=unnamed("silent", 1000, 1200, -500))
    # One that saw a station and another, unnamed one has not shown which of them hears.
    seen = known([window(900, 1000, station="kiruna"), window(900, 1000)])
    assert not counts(DEAD, SECOND, replace(passing("both", heard_s=950), contacts=seen))


def test_what_does_not_count_says_so_and_why() -> None:
    before = passing("before", (450, 550, "kiruna"), heard_s=500)
    found = assessed(SILENT, 1200, others=[DEAD, SECOND, before])
    assert found.phase is SatellitePhase.MISSED_CONTACT
    assert found.missed.uncounted == (
        "The last pass is not counted: kiruna has heard nobody since 2026-03-01 12:08:20 UTC, "
        "though three satellites or more went by."
    )
    assert found.message.endswith(f" UTC. {found.missed.uncounted}")


def test_what_nobody_was_ever_heard_through_says_so_too() -> None:
    silent = passing("silent", (1000, 1200, "kiruna"), (1000, 1200, "svalbard"), heard_s=-500)
    others = [
        passing(str(n), (600, 800, "kiruna"), (600, 800, "svalbard"), heard_s=-100)
        for n in range(2)
    ]
    assert assessed(silent, 1200, others=others).missed.uncounted == (
        "The last pass is not counted: kiruna and svalbard have heard nobody of late, though three "
        "satellites or more went by."
    )


def test_what_does_not_count_is_judged_all_the_same() -> None:
    found = assessed(SILENT, 1200, others=[DEAD, SECOND])
    assert found.missed.judged_until is not None
    # The station hears again: the pass that it may have missed stays judged.
    judged = replace(SILENT, status=recorded(SILENT, found.missed))
    heard = passing("heard", (1300, 1400, "kiruna"), heard_s=1350)
    later = assessed(judged, 1400, others=[heard])
    assert later.missed == found.missed
    assert later.phase is SatellitePhase.MISSED_CONTACT


def test_what_does_not_count_is_told_until_the_next_pass_or_sign_of_life() -> None:
    uncounted = assessed(SILENT, 1200, others=[DEAD, SECOND]).missed
    again = passing("silent", (1000, 1200, "kiruna"), (7000, 7200, "kiruna"), heard_s=-500)
    view = replace(again, status=recorded(again, uncounted))
    assert assessed(view, 7100).missed.uncounted
    counted = assessed(view, 7200)
    assert (counted.missed.count, counted.missed.uncounted) == (1, "")
    heard = replace(view, heartbeat=heartbeat(7100))
    assert assessed(heard, 7100).missed == NONE_MISSED


def test_passes_before_still_count_where_the_last_does_not() -> None:
    before = replace(SILENT, status=recorded(SILENT, MissedPasses(1, at(-400), at(-300))))
    found = assessed(before, 1200, others=[DEAD, SECOND])
    assert (found.phase, found.missed.count) == (SatellitePhase.MISSED_CONTACT, 1)
    assert "1 pass missed since 2026-03-01 11:53:20 UTC. The last pass is not" in found.message


def recorded(view: SatelliteView, missed: MissedPasses) -> SatelliteNodeStatus:
    """As the status tells it."""
    sighting = Sighting(replace(assessed(view, 0), missed=missed), None, ())
    return satellite_status(view, sighting, at(0))


@pytest.mark.parametrize("shift_s", [-30, -3, 3, 30])
def test_new_elements_do_not_make_two_passes_of_one(shift_s: float) -> None:
    found = assessed(SILENT, 1200).missed
    shifted = known([window(1000 + shift_s, 1200 + shift_s, station="kiruna")])
    view = replace(SILENT, status=recorded(SILENT, found), contacts=shifted)
    assert assessed(view, 1300).missed.count == 1
