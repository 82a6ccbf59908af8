"""What is foretold, and how far off it is."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from perigee_operator.domain.orbit.contacts import ALWAYS, Contacts
from perigee_operator.simulation.predictions import (
    ElementSet,
    element_sets,
    foretold,
    moment,
    seconds,
)
from perigee_operator.simulation.scenario import DAY_S, Scenario
from perigee_operator.simulation.truth import Truth, truth

SMALL = Scenario(satellites=20, stations=3, days=4, sites_share=0.1)


@pytest.fixture(scope="module")
def world() -> Truth:
    return truth(SMALL, lambda _: None)


def contacts_with(world: Truth, error_km: float = 0, growth_km_day: float = 0) -> Contacts:
    return foretold(world, 0, ElementSet(DAY_S, 3 * DAY_S, 0.0, error_km, growth_km_day))


def test_good_elements_foretell_the_truth(world: Truth) -> None:
    found = contacts_with(world)
    starts = [seconds(window.start) for window in found.windows]
    seen = world.sights[0]
    known = seen.ends > seconds(found.known_from)
    assert starts == pytest.approx(seen.starts[known].tolist(), abs=1e-3)
    assert {window.station for window in found.windows} == {s.name for s in world.stations}
    assert found.covers(moment(2 * DAY_S))


def test_errors_shift_passes_more_with_age(world: Truth) -> None:
    good, bad = contacts_with(world), contacts_with(world, 1, 2)
    for one, other in zip(good.windows, bad.windows, strict=True):
        age_days = seconds(one.start) / DAY_S
        early_s = (one.start - other.start).total_seconds()
        assert early_s == pytest.approx((1 + 2 * age_days) / 7.58, abs=0.01)


def test_guards_hold_for_what_they_are_meant(world: Truth) -> None:
    good, bad = contacts_with(world), contacts_with(world, -0.9, -2.9)
    for one, other in zip(good.windows, bad.windows, strict=True):
        assert abs(one.start - other.start) <= timedelta(seconds=other.guard_s + 0.1)


def test_a_site_is_always_in_contact(world: Truth) -> None:
    assert foretold(world, 19, ElementSet(0, 1, 0, 0, 0)) is ALWAYS


def test_elements_come_late_now_and_then_and_are_there_from_the_beginning() -> None:
    sets = [element_sets(Scenario(days=100), number) for number in range(20)]
    for own in sets:
        assert own[0].known_s == 0
        for one, other in pairwise(own):
            assert one.replaced_s == other.known_s
        assert own[-1].replaced_s == 100 * DAY_S
    ages = np.diff([each.known_s for own in sets for each in own[1:]])
    late = np.round(ages[ages > 0] / (3 * DAY_S)) > 1
    assert late.mean() == pytest.approx(0.1, abs=0.05)
