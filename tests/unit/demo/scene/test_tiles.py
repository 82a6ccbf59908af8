"""Agreement with the network's own package, whose class CSmask is the reference."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from ukis_csmask.mask import CSmask
from ukis_csmask.utils import cohen_kappa_score, reclassify

from perigee_demo.artifacts.network import BANDS, PRODUCT_LEVEL, Network
from perigee_demo.inference.local import Infer
from perigee_demo.scene.tiles import CLEAR, CLOUD, SHADOW, mask_of, tiles_of

LABELLED = Path(__file__).parents[5] / "shared" / "data"
"""Scenes whose classes people have marked; beside the checkout where they are to be had."""


def masked(reflectance: NDArray[np.float32], network: Network, infer: Infer) -> NDArray[np.uint8]:
    return mask_of(infer(tiles_of(reflectance, network)), *reflectance.shape[:2])


def reference(reflectance: NDArray[np.float32]) -> NDArray[np.uint8]:
    csmask = CSmask(reflectance.copy(), list(BANDS), PRODUCT_LEVEL, intra_op_num_threads=1)
    mask: NDArray[np.uint8] = csmask.csm[..., 0]
    return mask


@pytest.mark.parametrize("name", ["scene", "clouded"])
def test_the_mask_is_the_references(
    name: str, request: pytest.FixtureRequest, network: Network, stable: Infer
) -> None:
    reflectance: NDArray[np.float32] = request.getfixturevalue(name)
    mask = masked(reflectance, network, stable)
    assert (mask == reference(reflectance)).mean() >= 0.999


def test_the_scene_is_clear_and_clouds_are_found(
    scene: NDArray[np.float32], clouded: NDArray[np.float32], network: Network, stable: Infer
) -> None:
    assert (masked(scene, network, stable) == CLEAR).mean() > 0.99
    shares = np.bincount(masked(clouded, network, stable).ravel(), minlength=3) / 300**2
    assert shares[CLOUD] > 0.2
    assert shares[SHADOW] > 0.05


@pytest.mark.parametrize(("rows", "columns"), [(256, 256), (300, 300), (257, 513), (100, 30)])
def test_a_scene_of_any_size_comes_back_in_its_size(
    rows: int, columns: int, network: Network
) -> None:
    tiles = tiles_of(np.zeros((rows, columns, 4), dtype=np.float32), network)
    assert tiles.shape[1:] == (4, 256, 256)
    logits = np.zeros((len(tiles), 3, 256, 256), dtype=np.float32)
    logits[:, SHADOW] = 1
    mask = mask_of(logits, rows, columns)
    assert mask.shape == (rows, columns)
    assert (mask == SHADOW).all()


def test_making_tiles_leaves_the_scene_alone(scene: NDArray[np.float32], network: Network) -> None:
    before = scene.copy()
    tiles_of(scene, network)
    np.testing.assert_array_equal(scene, before)


@pytest.mark.parametrize(("name", "kappa"), [("sentinel2", 0.851), ("landsat5", 0.718)])
def test_kappa_on_scenes_that_people_have_labelled(
    name: str, kappa: float, network: Network, stable: Infer
) -> None:
    file = LABELLED / f"{name}.npz"
    if not file.exists():
        pytest.skip(f"{file.name} is not in {LABELLED.name} beside the checkout")
    with np.load(file, allow_pickle=False) as labelled:
        reflectance, classes = labelled["img"][..., :4], labelled["msk"]
    truth = reclassify(
        classes, {"reclass_value_from": [0, 1, 2, 3, 4], "reclass_value_to": [2, 0, 0, 0, 1]}
    )
    mask = masked(np.ascontiguousarray(reflectance), network, stable)
    assert cohen_kappa_score(truth.ravel(), mask.ravel()) == pytest.approx(kappa, abs=0.01)
