from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.orbits import EPOCH, elements, station
from perigee_operator.domain.orbit.contacts import Contacts, Source
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.prediction import joined, predicted, without

DAY = timedelta(days=1)
SITES = (station("south", -33.1, -70.7), station("north", 78.2, 15.4))
POLAR = elements(inclination_deg=97.5)
GEOSTATIONARY = elements(mean_motion=1.00273791, inclination_deg=0.01, eccentricity=1e-4, bstar=0.0)
DECAYING = elements(mean_motion=16.0, bstar=0.003)
REFUSED = elements(mean_motion=0.00001, eccentricity=0.5602877)


def one(item: Elements = POLAR, since_days: float = 0, until_days: float = 1) -> Contacts:
    (found,) = predicted([item], SITES, EPOCH + since_days * DAY, EPOCH + until_days * DAY)
    return found


def test_windows_name_their_stations_and_their_guards() -> None:
    found = one()
    assert (found.source, found.error, found.epoch) == (Source.PROPAGATED, None, EPOCH)
    assert {w.station for w in found.windows} == {"south", "north"}
    assert [w.start for w in found.windows] == sorted(w.start for w in found.windows)
    for window in found.windows:
        assert window.end is not None
        assert window.guard_s in {0.1, 0.2, 0.3, 0.4, 0.5}
        assert window.max_elevation_deg is not None
        assert 5 <= window.max_elevation_deg <= 90


def test_what_cannot_be_propagated_says_why_and_stops_nobody() -> None:
    good, refused, decayed = predicted(
        [elements(), REFUSED, DECAYING], SITES, EPOCH + 8 * DAY, EPOCH + 9 * DAY
    )
    assert good.error is None
    assert good.windows
    assert refused.error is not None
    assert refused.error.reason == "Unpropagable"
    assert refused.known_from == refused.known_until
    assert decayed.error is not None
    assert decayed.error.reason == "Decayed"
    assert "the satellite has decayed" in decayed.error.message
    assert EPOCH + 8 * DAY < decayed.known_until < EPOCH + 9 * DAY
    assert f"beyond {decayed.known_until:%Y-%m-%d %H:%M} UTC" in decayed.error.message


@pytest.mark.parametrize("item", [POLAR, GEOSTATIONARY, DECAYING])
@given(cut=st.floats(0.01, 0.99))
def test_pieces_make_the_whole(item: Elements, cut: float) -> None:
    cut = round(cut * 1440) / 1440
    whole = one(item, 0, 1)
    assert joined(one(item, 0, cut), one(item, cut, 1), EPOCH) == whole


def test_what_ended_long_ago_is_dropped_and_what_lasts_keeps_its_start() -> None:
    keep_from = EPOCH + DAY
    found = joined(one(POLAR, 0, 1.5), one(POLAR, 1.5, 2), keep_from)
    assert found.known_from == keep_from
    assert all(w.end is not None and w.end > keep_from for w in found.windows)
    lasting = joined(one(GEOSTATIONARY, 0, 1.5), one(GEOSTATIONARY, 1.5, 2), keep_from)
    assert [(w.start, w.end) for w in lasting.windows] in ([], [(EPOCH, EPOCH + 2 * DAY)])


def test_pieces_that_do_not_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot go on from"):
        joined(one(POLAR, 0, 0.5), one(POLAR, 0.6, 1), EPOCH)


def test_stations_can_be_taken_out() -> None:
    found = without(one(), frozenset({"north"}))
    assert {w.station for w in found.windows} == {"south"}
    assert found.known_until == one().known_until
    assert replace(found, windows=one().windows) == one()
