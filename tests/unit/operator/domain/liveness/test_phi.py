import itertools
import math
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.liveness.phi import (
    LEAST_DEVIATION,
    LONGEST,
    MEMORY,
    Rhythm,
    deviations_at,
    heard,
    phi_at,
    planned,
)


@pytest.mark.parametrize(
    ("deviations", "phi"),
    [
        # Tails of the normal distribution: P(Z > 0), P(Z > 1.2816), P(Z > 3.0902), P(Z > 5.6120).
        (0, -math.log10(0.5)),
        (1.2815516, 1),
        (3.0902323, 3),
        (5.6120012, 8),
    ],
)
def test_suspicion_is_the_tail_of_the_distribution(deviations: float, phi: float) -> None:
    assert phi_at(deviations) == pytest.approx(phi, abs=1e-5)


def test_the_asymptote_takes_over_without_a_step() -> None:
    assert phi_at(25.0) == pytest.approx(phi_at(25.0 - 1e-9), rel=1e-3)


@given(threshold=st.floats(0.1, 64))
def test_the_silence_for_a_threshold_is_the_inverse(threshold: float) -> None:
    assert phi_at(deviations_at(threshold)) == pytest.approx(threshold, rel=1e-3)


@given(mean=st.floats(1, 100), deviation=st.floats(0, 100), silences=st.lists(st.floats(0, 1e4)))
def test_a_longer_silence_is_never_less_suspicious(
    mean: float, deviation: float, silences: list[float]
) -> None:
    rhythm = Rhythm(10, mean, deviation)
    suspicions = [rhythm.phi(silent_s) for silent_s in sorted(silences)]
    # Where the asymptote takes over there is a step of less than a thousandth.
    assert all(b >= a * 0.999 for a, b in itertools.pairwise(suspicions))


def test_even_heartbeats_keep_some_tolerance() -> None:
    rhythm = planned(10)
    for _ in range(5 * MEMORY):
        rhythm = heard(rhythm, 10)
    assert rhythm.mean_s == pytest.approx(10)
    assert rhythm.deviation_s < 0.1
    assert rhythm.silence_s(8) == pytest.approx(10 + deviations_at(8) * LEAST_DEVIATION * 10)


@given(st.lists(st.floats(0.1, 90), min_size=30, max_size=90))
def test_mean_and_deviation_are_those_of_what_was_seen_and_planned(intervals: list[float]) -> None:
    rhythm = planned(10)
    for interval_s in intervals:
        rhythm = heard(rhythm, interval_s)
    # The five intervals that were planned have the deviation that is assumed for them.
    assumed = [10 + 2.5 * sign * math.sqrt(5 / 4) for sign in (-1, -1, 0, 1, 1)]
    everything = assumed + intervals
    assert rhythm.mean_s == pytest.approx(fmean(everything), rel=1e-6)
    assert rhythm.deviation_s == pytest.approx(pstdev(everything), rel=1e-6, abs=1e-6)


def test_an_outage_teaches_no_rhythm() -> None:
    assert heard(planned(10), 86_400) == heard(planned(10), LONGEST * 10)


def test_old_intervals_fade() -> None:
    rhythm = planned(10)
    for interval_s in [30.0] * MEMORY + [10.0] * (6 * MEMORY):
        rhythm = heard(rhythm, interval_s)
    assert rhythm.samples == MEMORY
    assert rhythm.mean_s == pytest.approx(10, abs=0.1)
