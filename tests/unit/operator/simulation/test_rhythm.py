"""A run of heartbeats, taken note of at once."""

import numpy as np
import pytest

from perigee_operator.domain.liveness.phi import Rhythm, heard, planned
from perigee_operator.simulation.rhythm import after_run


@pytest.mark.parametrize("count", [0, 1, 5, 94, 95, 300])
@pytest.mark.parametrize("samples", [0, 60, 100])
def test_it_is_as_if_each_had_been_heard(samples: int, count: int) -> None:
    rng = np.random.default_rng(3)
    rhythm = planned(10)
    for interval_s in 10 * rng.geometric(0.8, samples):
        rhythm = heard(rhythm, float(interval_s))
    intervals = 10.0 * rng.geometric(0.8, count)
    one_by_one = rhythm
    for interval_s in intervals:
        one_by_one = heard(one_by_one, float(interval_s))
    mean_s = float(intervals.mean()) if count else 0.0
    deviation_s = float(intervals.std()) if count else 0.0
    at_once = after_run(rhythm, count, mean_s, deviation_s)
    assert at_once.samples == one_by_one.samples
    assert at_once.mean_s == pytest.approx(one_by_one.mean_s, rel=0.15)
    assert at_once.deviation_s == pytest.approx(one_by_one.deviation_s, rel=0.35)


def test_no_interval_changes_nothing() -> None:
    rhythm = Rhythm(10, 12, 3, 40)
    assert after_run(rhythm, 0, 0, 0) == rhythm
