"""What holds of the passes of any satellite over any station."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_fleet.intents import START, contact
from paper_fleet.orbits import EPOCH, elements, station
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.passes import Passes, passes
from perigee_operator.domain.orbit.sgp4_record import DECAYED, record
from perigee_operator.domain.orbit.sight import sights_at
from perigee_operator.domain.orbit.spans import Pass
from perigee_operator.domain.orbit.station import Station, sites
from perigee_operator.domain.orbit.track import tracks

DAY = timedelta(days=1)
START_S = START.timestamp()


def found(item: Elements, sites: list[Station], since: datetime, until: datetime) -> Passes:
    (one,) = passes([record(item)], sites, since, until)
    return one


def clearance_deg(item: Elements, at: Station, t_s: float) -> float:
    """Elevation above the limit at a moment."""
    moments = np.array([t_s])
    zero = np.zeros(1, dtype=np.intp)
    rows, u = sights_at(tracks([record(item)], t_s, t_s + 60), sites([at]), zero, zero, moments)
    elevation = np.degrees(np.arcsin(rows.sines(u)))
    return float((elevation - at.limit_deg(rows.azimuths_deg(u)))[0])


ANGLES = st.floats(0, 359)


@st.composite
def satellites(draw: st.DrawFn) -> Elements:
    mean_motion = draw(st.sampled_from([1.0027, 2.0056, 6.0, 12.5, 14.2, 15.2, 15.9]))
    return elements(
        mean_motion=mean_motion,
        eccentricity=draw(st.sampled_from([0.0001, 0.002] + [0.7] * (mean_motion == 2.0056))),
        inclination_deg=draw(st.floats(0.1, 150)),
        node_deg=draw(ANGLES),
        perigee_deg=draw(ANGLES),
        anomaly_deg=draw(ANGLES),
    )


@st.composite
def stations(draw: st.DrawFn) -> Station:
    azimuths = sorted(draw(st.sets(st.integers(0, 359), max_size=6)))
    return station(
        latitude=draw(st.floats(-90, 90)),
        longitude=draw(st.floats(-180, 180)),
        elevationMask=draw(st.sampled_from([0, 5, 10, 30, 75, 88])),
        horizon=[{"azimuth": azimuth, "elevation": draw(st.floats(0, 60))} for azimuth in azimuths],
    )


@settings(deadline=None)
@given(satellites(), stations())
def test_passes_are_in_order_and_within_the_span_and_begin_and_end_on_the_limit(
    item: Elements, site: Station
) -> None:
    got = found(item, [site], EPOCH, EPOCH + DAY)
    ends = [EPOCH.timestamp()]
    for each in got.found:
        assert ends[-1] <= each.start_s < each.end_s <= (EPOCH + DAY).timestamp()
        ends.append(each.end_s)
        for edge_s in (each.start_s, each.end_s):
            if got.known_from_s < edge_s < got.known_until_s:
                assert abs(clearance_deg(item, site, edge_s)) < 0.01
        middle_s = (each.start_s + each.end_s) / 2
        assert each.max_elevation_deg >= site.spec.elevation_mask - 1e-6
        if each.end_s - each.start_s > 5:
            assert clearance_deg(item, site, middle_s) > -0.01


@settings(deadline=None)
@given(satellites(), stations(), st.integers(600, 85_000))
def test_a_span_in_two_parts_has_the_same_passes(item: Elements, site: Station, cut_s: int) -> None:
    middle = EPOCH + timedelta(seconds=cut_s)
    whole = found(item, [site], EPOCH, EPOCH + DAY).found
    first = found(item, [site], EPOCH, middle).found
    second = found(item, [site], middle, EPOCH + DAY).found
    parts = [(p.start_s, p.end_s) for p in first + second]
    seam_s = middle.timestamp()
    healed: list[tuple[float, float]] = []
    for start_s, end_s in parts:
        if healed and start_s == seam_s == healed[-1][1]:
            healed[-1] = (healed[-1][0], end_s)
        else:
            healed.append((start_s, end_s))
    # What shows for less than a look at the horizon lasts may be missed on one side.
    tolerance_s = 2.0 if site.has_horizon else 0.0
    assert [p for p in healed if p[1] - p[0] > tolerance_s] == [
        pytest.approx((p.start_s, p.end_s), abs=0.01)
        for p in whole
        if p.end_s - p.start_s > tolerance_s
    ]


def test_a_pass_shorter_than_a_step_is_found() -> None:
    """Nearly overhead with a mask that leaves seconds of it."""
    low = station(elevationMask=0)
    item = elements(inclination_deg=60)
    best = max(found(item, [low], EPOCH, EPOCH + 10 * DAY).found, key=_elevation)
    high = station(elevationMask=best.max_elevation_deg - 0.3)
    got = [
        p
        for p in found(item, [high], EPOCH, EPOCH + 10 * DAY).found
        if best.start_s < p.start_s < best.end_s
    ]
    assert len(got) == 1
    assert got[0].end_s - got[0].start_s < 30
    assert got[0].max_elevation_deg == pytest.approx(best.max_elevation_deg, abs=1e-6)


def _elevation(each: Pass) -> float:
    return each.max_elevation_deg


def test_what_never_sets_is_one_pass_and_what_never_rises_none() -> None:
    geostationary = elements(
        mean_motion=1.00273791, inclination_deg=0.01, eccentricity=1e-4, bstar=0.0
    )
    counts = []
    for longitude in range(-180, 180, 20):
        got = found(geostationary, [station(latitude=0, longitude=longitude)], EPOCH, EPOCH + DAY)
        counts.append(len(got.found))
        for each in got.found:
            assert (each.start_s, each.end_s) == (EPOCH.timestamp(), (EPOCH + DAY).timestamp())
    assert set(counts) == {0, 1}


def test_what_decays_is_known_until_then() -> None:
    item = elements(mean_motion=16.0, bstar=0.003)
    got = found(item, [station()], EPOCH, EPOCH + 20 * DAY)
    assert got.error == DECAYED
    assert got.known_from_s < got.known_until_s < (EPOCH + 20 * DAY).timestamp()
    assert got.found
    assert all(each.end_s <= got.known_until_s for each in got.found)
    after = found(item, [station(latitude=0)], EPOCH + 19 * DAY, EPOCH + 20 * DAY)
    assert after.found == ()
    assert after.known_from_s == after.known_until_s


def test_a_bad_one_changes_nothing_for_the_others() -> None:
    good, bad = elements(), elements(mean_motion=16.4, bstar=0.05)
    span = (EPOCH + 15 * DAY, EPOCH + 16 * DAY)
    alone = found(good, [station()], *span)
    _, beside = passes([record(bad), record(good)], [station()], *span)
    assert [(p.start_s, p.end_s) for p in beside.found] == [
        (p.start_s, p.end_s) for p in alone.found
    ]


def test_passes_are_cut_to_the_station_s_service() -> None:
    whole = found(elements(), [station(latitude=50)], EPOCH, EPOCH + DAY).found
    cut_s = (whole[1].start_s + whole[1].end_s) / 2 - EPOCH.timestamp()
    shift = EPOCH.timestamp() - START_S
    outage = contact(cut_s + shift, cut_s + shift + 20_000)
    got = found(elements(), [station(latitude=50, outages=[outage])], EPOCH, EPOCH + DAY).found
    assert got[0] == whole[0]
    assert got[1].end_s == pytest.approx(EPOCH.timestamp() + cut_s)
    assert got[1].max_elevation_deg <= whole[1].max_elevation_deg
    assert got[2].start_s >= EPOCH.timestamp() + cut_s + 20_000


def test_without_stations_nothing_is_seen_and_with_none_in_service_either() -> None:
    assert found(elements(), [], EPOCH, EPOCH + DAY).found == ()
    assert found(elements(), [station(outOfService=True)], EPOCH, EPOCH + DAY).found == ()
