import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.clusters import FEWEST_BLOCKS, Clusters

BLOCK = st.lists(st.integers(0, 50), min_size=4, max_size=4)


def of(*blocks: list[int]) -> Clusters:
    found = Clusters.empty(len(blocks[0]))
    for block in blocks:
        found = found.after(block)
    return found


def mean_effect(speaking_as_one: int, blocks: int = 40) -> float:
    """Of blocks of 60 samples, of which always so many are alike."""
    random = np.random.default_rng(2)
    found = [
        of(
            *(
                (speaking_as_one * random.multinomial(60 // speaking_as_one, [0.1] * 10)).tolist()
                for _ in range(blocks)
            )
        ).design_effect
        for _ in range(30)
    ]
    return statistics.fmean(each for each in found if each is not None)


@given(blocks=st.lists(BLOCK, min_size=FEWEST_BLOCKS, max_size=30))
def test_it_is_the_variance_between_blocks_over_that_of_independent_samples(
    blocks: list[list[int]],
) -> None:
    found = of(*blocks)
    table = np.array([block for block in blocks if sum(block)])
    assert found.blocks == len(table)
    if len(table) < FEWEST_BLOCKS:
        assert found.design_effect is None
        return
    total, sizes = table.sum(), table.sum(axis=1)
    shares = table.sum(axis=0) / total
    used = (shares > 0) & (shares < 1)
    spread = ((table - sizes[:, np.newaxis] * shares) ** 2).sum(axis=0) / total**2
    spread *= len(table) / (len(table) - 1)
    effects = (spread * total)[used] / shares[used]
    wanted = max(1.0, effects.sum() / max(1, used.sum() - 1))
    assert found.design_effect == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("alike", [1, 4, 20])
def test_it_is_how_many_samples_speak_as_one(alike: int) -> None:
    assert mean_effect(alike) == pytest.approx(alike, rel=0.15)


def test_few_blocks_tell_nothing_and_empty_ones_are_none() -> None:
    blocks = [[1, 2, 3, 4]] * (FEWEST_BLOCKS - 1) + [[0, 0, 0, 0]] * 5
    assert of(*blocks).design_effect is None
    assert of(*blocks, [4, 3, 2, 1]).design_effect is not None


@given(one=st.lists(BLOCK, min_size=1, max_size=9), other=st.lists(BLOCK, min_size=1, max_size=9))
def test_both_together_are_all_their_blocks(one: list[list[int]], other: list[list[int]]) -> None:
    assert of(*one) + of(*other) == of(*one, *other)
