"""Right and wrong verdicts, counted and measured."""

import numpy as np
import pytest

from perigee_operator.simulation.copies import Service
from perigee_operator.simulation.figures import bounds, detections, figures
from perigee_operator.simulation.mishaps import Mishaps
from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.spans import Spans, in_order
from perigee_operator.simulation.truth import Truth
from perigee_operator.simulation.verdicts import Hold, Outcome, Verdict

NOTHING = Service(moves=0, short_by_hour=(0,), short_copy_h=0)


def passes(*given: tuple[float, float]) -> Spans:
    starts, ends = zip(*given, strict=True)
    return in_order(np.array(starts, float), np.array(ends, float), np.zeros(len(given), dtype=int))


def world(deaths: dict[int, float]) -> Truth:
    seen = passes((0, 300), (1000, 1050), (2000, 2300), (2200, 2400), (4000, 4300))
    scenario = Scenario(satellites=4, sites_share=0.25)
    site = passes((0, scenario.end_s))
    orbits: tuple[object, ...] = (None, None, None)
    return Truth(scenario, (), orbits, (seen, seen, seen, site), Mishaps(deaths, (), (), None))  # type: ignore[arg-type] # nobody asks for the elements


def test_a_verdict_is_false_where_the_satellite_lives() -> None:
    truth = world({0: 500, 3: 700})
    given = (Verdict(0, 4300), Verdict(1, 100, 200), Verdict(1, 900, 950), Verdict(3, 600, 650))
    found = figures(truth, Outcome("x", given), 0.05, NOTHING)
    assert (found.deaths, found.found, found.missed) == (2, 1, 1)
    assert (found.false, found.false_in_orbit) == (3, 2)
    assert found.wall.median_s == 3800
    # Passes that overlap are one: 400 s, then 300 s, and one of 50 s.
    assert found.contact.median_s == 750


def test_who_was_given_up_before_it_died_is_known_at_once() -> None:
    truth = world({0: 500})
    given = (Verdict(0, 100, 200), Verdict(0, 450))
    assert detections(truth, given) == {0: 500}
    assert figures(truth, Outcome("x", given), 0, NOTHING).false == 2


def test_holds_are_counted_by_reason() -> None:
    holds = (Hold(0, 1, "a"), Hold(1, 1, "a"), Hold(1, 2, "b"))
    assert figures(world({}), Outcome("x", (), holds), 0, NOTHING).held == {"a": 2, "b": 1}


def test_where_nobody_dies_there_are_no_times() -> None:
    found = figures(world({}), Outcome("x", ()), 0, NOTHING)
    assert found.wall.median_s is None
    assert found.contact.p95_s is None


@pytest.mark.parametrize(
    ("death_s", "first_s", "second_s"), [(500, 1900, 3800), (100, 2300, 4200), (2100, 2200, None)]
)
def test_physics_wants_a_pass_that_counts(
    death_s: float, first_s: float, second_s: float | None
) -> None:
    found = bounds(world({0: death_s, 3: 100}))
    assert (found.first.median_s, found.second.median_s) == (first_s, second_s)
