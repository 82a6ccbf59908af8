import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.drift import MUCH, drift, fewest_golden, stability

COUNTS = st.lists(st.integers(0, 1000), min_size=10, max_size=10).filter(any)
SHARES = np.linspace(1, 3, 10) / np.linspace(1, 3, 10).sum()


def expected(total: int, shares: object = SHARES) -> list[int]:
    counts: list[int] = np.round(total * np.asarray(shares)).astype(int).tolist()
    return counts


def test_the_index_of_a_table() -> None:
    # Shares 0.5 and 0.5 against 0.25 and 0.75, the pseudocounts being nothing beside so many.
    found = stability((5 * 10**8, 5 * 10**8), (25 * 10**7, 75 * 10**7))
    assert found is not None
    assert found.index == pytest.approx(0.25 * np.log(2) + 0.25 * np.log(1.5), rel=1e-6)


@given(counts=COUNTS)
def test_what_is_the_same_has_not_drifted(counts: list[int]) -> None:
    found = stability(counts, counts)
    assert found is not None
    assert found.index == pytest.approx(0, abs=1e-12)
    assert found.shift == 0


@given(one=COUNTS, other=COUNTS)
def test_it_does_not_matter_which_is_the_reference(one: list[int], other: list[int]) -> None:
    there, back = stability(one, other), stability(other, one)
    assert there is not None
    assert back is not None
    assert there.index == pytest.approx(back.index)
    assert there.index >= 0


@pytest.mark.parametrize(("n", "m"), [(500, 500), (2000, 400), (300, 5000)])
def test_chance_alone_has_the_index_that_is_taken_off(n: int, m: int) -> None:
    random = np.random.default_rng(1)
    found = [
        stability(random.multinomial(n, SHARES).tolist(), random.multinomial(m, SHARES).tolist())
        for _ in range(400)
    ]
    indices = [each.index for each in found if each is not None]
    noise = (10 - 1) * (1 / n + 1 / m)
    assert found[0] is not None
    assert found[0].noise == pytest.approx(noise)
    assert statistics.fmean(indices) == pytest.approx(noise, rel=0.1)
    assert sum(index > found[0].noise_99 for index in indices) <= 0.025 * len(indices)


def test_few_samples_say_nothing_and_many_tell_a_shift() -> None:
    shifted = np.roll(SHARES, 4)
    index = float(np.sum((shifted - SHARES) * np.log(shifted / SHARES)))
    assert index > MUCH
    assert drift(expected(5000), expected(20, shifted)) is None
    many = drift(expected(5000), expected(5000, shifted))
    assert many is not None
    assert many.shift == pytest.approx(index, rel=0.05)


@given(
    golden=st.integers(1, 300), live=st.integers(1, 3000), threshold=st.sampled_from([0.1, 0.25])
)
def test_there_are_as_many_buckets_as_can_be_told_from_chance(
    golden: int, live: int, threshold: float
) -> None:
    even = [0.1] * 10
    reference, observed = expected(10 * golden, even), expected(10 * live, even)
    found = drift(reference, observed, threshold=threshold)
    if found is not None:
        assert found.noise_99 < threshold
        assert found.shift == 0
    elif live >= 3000:
        assert 10 * golden <= fewest_golden(threshold) + 10


@pytest.mark.parametrize(("golden", "buckets"), [(1000, 10), (70, 5), (40, 3), (30, 2)])
def test_small_golden_sets_have_wider_buckets(golden: int, buckets: int) -> None:
    found = drift(expected(golden, [0.1] * 10), expected(10**6, [0.1] * 10))
    assert found is not None
    assert found.noise == pytest.approx((buckets - 1) / golden, rel=0.01)


def test_of_a_golden_set_that_is_too_small_nothing_can_be_told() -> None:
    fewest = fewest_golden(MUCH)
    assert fewest == 26
    assert drift([fewest // 2] * 2, [10**6] * 2) is None
    assert drift([fewest // 2 + 1] * 2, [10**6] * 2) is not None


def test_tiles_of_one_scene_speak_as_one() -> None:
    reference, observed = [100] * 10, [20] * 10
    assert drift(reference, observed) is not None
    assert drift(reference, observed, design_effect=16) is None


def test_a_bucket_that_was_empty_before_is_far_but_not_infinitely() -> None:
    found = stability([100] * 5 + [0] * 5, [0] * 5 + [100] * 5)
    assert found is not None
    assert 5 < found.index < 20


def test_nothing_counted_is_no_data() -> None:
    assert stability([0] * 10, [1] * 10) is None
    assert drift([1] * 10, [0] * 10) is None


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="3 buckets cannot have drifted from 2"):
        stability([1, 1], [1, 1, 1])
    with pytest.raises(ValueError, match="below one"):
        stability([1, 1], [1, 1], design_effect=0.5)
