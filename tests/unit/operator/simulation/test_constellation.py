"""The constellation and its ground."""

import numpy as np
import pytest

from perigee_operator.simulation.constellation import elements, plane_of, sightings
from perigee_operator.simulation.places import MOST, stations
from perigee_operator.simulation.scenario import DAY_S, Scenario


def test_planes_are_even_and_so_are_the_satellites_in_them() -> None:
    scenario = Scenario(satellites=60, planes=6, sites_share=0)
    found = elements(scenario)
    assert len(found) == 60
    assert sorted({each.node_deg for each in found}) == [0, 30, 60, 90, 120, 150]
    for plane in range(6):
        own = [e for number, e in enumerate(found) if plane_of(number, scenario) == plane]
        gaps = np.diff(sorted(each.anomaly_deg for each in own))
        assert gaps == pytest.approx([36] * 9)
    # 95.6 minutes a turn, as 550 km want it.
    assert 1440 / found[0].mean_motion == pytest.approx(95.6, abs=0.1)


def test_planes_need_not_be_full() -> None:
    scenario = Scenario(satellites=25, planes=6, sites_share=0)
    assert len(elements(scenario)) == 25
    assert {plane_of(number, scenario) for number in range(25)} <= set(range(6))


def test_a_low_orbit_is_dark_most_of_the_time() -> None:
    scenario = Scenario(satellites=20, sites_share=0)
    seen = list(sightings(elements(scenario), stations(MOST), 1))
    assert len(seen) == 20
    for spans in seen:
        assert (np.diff(spans.starts) >= 0).all()
        assert (spans.ends > spans.starts).all()
        assert spans.ends.max() <= DAY_S
        assert set(spans.stations) <= set(range(MOST))
        assert 0.1 < (spans.ends - spans.starts).sum() / DAY_S < 0.5


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_there_are_only_so_many_places(count: int) -> None:
    with pytest.raises(ValueError, match=f"not for {count}"):
        stations(count)
