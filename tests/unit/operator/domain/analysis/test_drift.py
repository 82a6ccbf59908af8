import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.buckets import LATENCY, SCORES, Buckets
from perigee_operator.domain.analysis.drift import MUCH, drift, stability
from perigee_operator.domain.analysis.histogram import Histogram

COUNTS = st.lists(st.integers(0, 1000), min_size=20, max_size=20).filter(any)
SHARES = np.linspace(1, 3, 20) / np.linspace(1, 3, 20).sum()


def scores(counts: object) -> Histogram:
    return Histogram(SCORES, tuple(np.asarray(counts).tolist()))


def test_the_index_of_a_table() -> None:
    # Shares 0.5 and 0.5 against 0.25 and 0.75, the pseudocounts being nothing beside so many.
    two = Buckets("two", (0.5,))
    found = stability(
        Histogram(two, (5 * 10**8, 5 * 10**8)), Histogram(two, (25 * 10**7, 75 * 10**7))
    )
    assert found is not None
    assert found.index == pytest.approx(0.25 * np.log(2) + 0.25 * np.log(1.5), rel=1e-6)


@given(counts=COUNTS)
def test_what_is_the_same_has_not_drifted(counts: list[int]) -> None:
    found = stability(scores(counts), scores(counts))
    assert found is not None
    assert found.index == pytest.approx(0, abs=1e-12)
    assert found.shift == 0


@given(one=COUNTS, other=COUNTS)
def test_it_does_not_matter_which_is_the_reference(one: list[int], other: list[int]) -> None:
    there, back = stability(scores(one), scores(other)), stability(scores(other), scores(one))
    assert there is not None
    assert back is not None
    assert there.index == pytest.approx(back.index)
    assert there.index >= 0


@pytest.mark.parametrize(("n", "m"), [(500, 500), (2000, 400), (300, 5000)])
def test_chance_alone_has_the_index_that_is_taken_off(n: int, m: int) -> None:
    random = np.random.default_rng(1)
    found = [
        stability(scores(random.multinomial(n, SHARES)), scores(random.multinomial(m, SHARES)))
        for _ in range(400)
    ]
    indices = [each.index for each in found if each is not None]
    noise = (20 - 1) * (1 / n + 1 / m)
    assert found[0] is not None
    assert found[0].noise == pytest.approx(noise)
    assert statistics.fmean(indices) == pytest.approx(noise, rel=0.1)
    assert sum(index > found[0].noise_99 for index in indices) <= 0.025 * len(indices)


def test_few_samples_say_nothing_and_many_tell_a_shift() -> None:
    shifted = np.roll(SHARES, 8)
    expected = float(np.sum((shifted - SHARES) * np.log(shifted / SHARES)))
    assert expected > MUCH
    few = drift(
        scores(np.round(5000 * SHARES).astype(int)), scores(np.round(60 * shifted).astype(int))
    )
    many = drift(
        scores(np.round(5000 * SHARES).astype(int)), scores(np.round(5000 * shifted).astype(int))
    )
    assert few is None
    assert many == pytest.approx(expected, rel=0.05)


def test_tiles_of_one_scene_speak_as_one() -> None:
    reference, observed = scores([100] * 20), scores([20] * 20)
    assert drift(reference, observed) is not None
    assert drift(reference, observed, design_effect=16) is None


def test_a_bucket_that_was_empty_before_is_far_but_not_infinitely() -> None:
    found = stability(scores([100] * 10 + [0] * 10), scores([0] * 10 + [100] * 10))
    assert found is not None
    assert 5 < found.index < 20


def test_nothing_counted_is_no_data() -> None:
    assert stability(Histogram.empty(SCORES), scores([1] * 20)) is None
    assert drift(scores([1] * 20), Histogram.empty(SCORES)) is None


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="latency cannot have drifted from scores"):
        stability(Histogram.empty(SCORES), Histogram.empty(LATENCY))
    with pytest.raises(ValueError, match="below one"):
        stability(scores([1] * 20), scores([1] * 20), design_effect=0.5)
