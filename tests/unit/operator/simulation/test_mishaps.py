"""What goes wrong goes wrong as often as the scenario says."""

import numpy as np
import pytest

from perigee_operator.simulation.mishaps import mishaps
from perigee_operator.simulation.scenario import DAY_S, HOUR_S, Scenario


def test_so_many_die_and_early_enough_to_be_found() -> None:
    scenario = Scenario(satellites=400, days=10)
    deaths = mishaps(scenario).deaths
    assert len(deaths) == 20
    for death_s in deaths.values():
        assert 0.5 * DAY_S <= death_s <= 8.5 * DAY_S


def test_reboots_and_outages_come_at_their_rate() -> None:
    scenario = Scenario(satellites=500, days=100)
    found = mishaps(scenario)
    reboots = [gap for own in found.reboots for gap in own]
    assert len(reboots) == pytest.approx(500 * 10, rel=0.05)
    lasts = np.array([until - since for since, until in reboots])
    assert lasts.min() >= scenario.reboot_s[0]
    assert lasts.max() <= scenario.reboot_s[1]
    assert len(found.station_outages) == scenario.stations
    for own in found.station_outages:
        for since, until in own:
            assert 2 * HOUR_S <= until - since <= 12 * HOUR_S


def test_the_seed_decides() -> None:
    assert mishaps(Scenario()) == mishaps(Scenario())
    assert mishaps(Scenario()).deaths != mishaps(Scenario(seed=2)).deaths


def test_what_is_not_to_happen_does_not() -> None:
    calm = Scenario(dead_share=0, reboot_every_days=0, station_out_every_days=0, ground_out_h=0)
    found = mishaps(calm)
    assert not found.deaths
    assert not any(found.reboots)
    assert not any(found.station_outages)
    assert found.ground_outage is None
