import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perigee_demo.scene.clouds import with_clouds

GROUND = np.full((64, 64, 4), 0.1, dtype=np.float32)


def test_the_sky_is_the_same_each_time(scene: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(with_clouds(scene), with_clouds(scene))


@given(cover=st.floats(0.05, 0.95), seed=st.integers(0, 1000))
def test_the_cover_is_what_was_asked_for(cover: float, seed: int) -> None:
    under = with_clouds(GROUND, cover=cover, seed=seed)
    assert under.min() >= 0
    assert under.max() <= 1
    brightened = (under[..., 0] > GROUND[..., 0]).mean()
    # A thin cloud in a deep shadow need not be brighter than the ground.
    assert cover - 0.25 <= brightened <= cover + 0.01


def test_no_cloud_casts_no_shadow() -> None:
    np.testing.assert_array_equal(with_clouds(GROUND, cover=0.0), GROUND)


def test_ground_beside_clouds_is_left_alone(
    scene: NDArray[np.float32], clouded: NDArray[np.float32]
) -> None:
    assert (scene == clouded).all(axis=2).mean() > 0.2


@pytest.mark.parametrize("band", range(4))
def test_shadows_are_dark_and_clouds_bright(
    band: int, scene: NDArray[np.float32], clouded: NDArray[np.float32]
) -> None:
    ratio = clouded[..., band] / scene[..., band]
    assert (ratio < 0.7).mean() > 0.03
    assert (clouded[..., band] > 0.6).mean() > 0.15
