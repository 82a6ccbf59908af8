"""Whether a pass that went by in silence counts, by what others that passed showed."""

from dataclasses import replace

import pytest

from paper_fleet.intents import satellite_spec
from paper_fleet.views import assessed, at, known, satellite_view, window
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import SatelliteView

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


def counts(*others: SatelliteView, silent: SatelliteView = SILENT, at_s: float = 1200) -> bool:
    return assessed(silent, at_s, others=others).missed.count == 1


def test_a_pass_counts_where_nobody_says_anything() -> None:
    assert counts()
    assert counts(passing("other", (5000, 5200, "kiruna"), heard_s=None))


def test_a_pass_does_not_count_where_another_went_by_in_silence_too() -> None:
    assert not counts(passing("other", (600, 800, "kiruna"), heard_s=-100))


def test_who_is_heard_through_none_of_two_stations_doubts_both() -> None:
    # Stations that lie close together may see no satellite alone.
    assert not counts(passing("other", (600, 750, "kiruna"), (700, 800, "svalbard"), heard_s=-100))


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
    assert counts(other)


def test_somebody_heard_since_proves_the_station() -> None:
    dead = passing("dead", (600, 800, "kiruna"), heard_s=-100)
    heard = passing("heard", (850, 950, "kiruna"), heard_s=900)
    assert not counts(dead)
    assert counts(dead, heard)
    # One that was heard before the other passed proves nothing.
    before = passing("before", (450, 550, "kiruna"), heard_s=500)
    assert not counts(dead, before)


@pytest.mark.parametrize(("heard_s", "counted"), [(1140, 1), (1141, 0), (1199, 0)])
def test_a_station_that_hears_again_when_a_pass_is_nearly_over_proves_nothing(
    heard_s: float, counted: int
) -> None:
    deaf = passing("deaf", (600, 800, "kiruna"), heard_s=-100)
    heard = passing("heard", (900, 1500, "kiruna"), heard_s=heard_s)
    assert assessed(SILENT, 1200, others=[deaf, heard]).missed.count == counted


def heard_all_along(*passes: tuple[float, float, str], since_s: float) -> SatelliteView:
    """One that is still heard when the silent one's pass ends."""
    return replace(passing("heard", *passes, heard_s=1199), heard_since=at(since_s))


@pytest.mark.parametrize(("since_s", "counted"), [(900, 1), (1140, 1), (1141, 0)])
def test_who_is_heard_without_a_pause_proves_the_station_all_the_while(
    since_s: float, counted: int
) -> None:
    """Two have died; of the third only the last sign and the beginning of its run are known."""
    dead = passing("dead", (600, 800, "kiruna"), heard_s=-100)
    heard = heard_all_along((900, 1500, "kiruna"), since_s=since_s)
    assert assessed(SILENT, 1200, others=[dead, heard]).missed.count == counted


def test_who_saw_another_station_then_proves_nothing_of_this_one() -> None:
    dead = passing("dead", (600, 800, "kiruna"), heard_s=-100)
    heard = heard_all_along((900, 1160, "svalbard"), (1150, 1500, "kiruna"), since_s=900)
    assert not counts(dead, heard)
    heard = heard_all_along((900, 1090, "svalbard"), (1050, 1500, "kiruna"), since_s=900)
    assert not counts(dead, heard), "the sign before may have come through the other one"
    heard = heard_all_along((900, 1079, "svalbard"), (1050, 1500, "kiruna"), since_s=900)
    assert counts(dead, heard)


def test_who_is_in_sight_of_two_stations_proves_neither_alone() -> None:
    dead = passing("dead", (600, 800, "kiruna"), heard_s=-100)
    both = passing("both", (850, 950, "kiruna"), (860, 960, "svalbard"), heard_s=900)
    assert not counts(dead, both)
    # It is enough for one that both would have heard.
    silent = passing("silent", (1000, 1200, "kiruna"), (1000, 1200, "svalbard"), heard_s=-500)
    assert counts(dead, both, silent=silent)


def test_a_pass_counts_if_one_of_its_stations_is_beyond_doubt() -> None:
    dead = passing("dead", (600, 800, "kiruna"), heard_s=-100)
    silent = passing("silent", (1000, 1150, "kiruna"), (1100, 1200, "svalbard"), heard_s=-500)
    assert counts(dead, silent=silent)
    deaf = passing("deaf", (600, 800, "svalbard"), heard_s=-100)
    assert not counts(dead, deaf, silent=silent)


def test_what_does_not_count_is_judged_all_the_same() -> None:
    other = passing("other", (600, 800, "kiruna"), heard_s=-100)
    found = assessed(SILENT, 1200, others=[other])
    assert found.phase is SatellitePhase.EXPECTED_DARK
    assert found.missed.judged_until is not None
    # The station hears again: the pass that it may have missed stays judged.
    status = SILENT.status.model_copy(update={"passes_judged_until": found.missed.judged_until})
    judged = replace(SILENT, status=status)
    heard = passing("heard", (1300, 1400, "kiruna"), heard_s=1350)
    assert assessed(judged, 1400, others=[heard]).missed.count == 0


@pytest.mark.parametrize("shift_s", [-30, -3, 3, 30])
def test_new_elements_do_not_make_two_passes_of_one(shift_s: float) -> None:
    found = assessed(SILENT, 1200).missed
    status = SILENT.status.model_copy(
        update={
            "missed_passes": found.count,
            "missed_passes_since": found.since,
            "passes_judged_until": found.judged_until,
        }
    )
    shifted = known([window(1000 + shift_s, 1200 + shift_s, station="kiruna")])
    view = replace(SILENT, status=status, contacts=shifted)
    assert assessed(view, 1300).missed.count == 1
