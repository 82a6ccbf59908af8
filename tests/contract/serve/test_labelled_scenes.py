"""Masks as served, against scenes that people have labelled.

The figures are those of the network's own package on the same scenes.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from ukis_csmask.mask import CSmask
from ukis_csmask.utils import cohen_kappa_score, tile_array, untile_array

SCENES = Path(__file__).parents[4] / "shared" / "data"
CLASSES = {0: 2, 4: 1}
"""From the labels of the scenes to the network's: shadow, cloud; all others are clear."""


def network(bands: int) -> Path:
    package = importlib.util.find_spec("ukis_csmask")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).with_name(f"model_{bands}b_l1c.onnx")


def served(server: Any, tiles: Any) -> Any:
    with triton.InferenceServerClient(server.address, network_timeout=60) as client:
        answers = []
        for batch in np.array_split(tiles, len(tiles) // 2):
            tensor = triton.InferInput("input", list(batch.shape), "FP32")
            tensor.set_data_from_numpy(batch)
            answers.append(client.infer("m", [tensor]).as_numpy("output"))
    return np.concatenate(answers)


@pytest.mark.parametrize(
    ("scene", "bands", "kappa"),
    [
        ("sentinel2", 4, 0.851),
        ("sentinel2", 6, 0.810),
        ("landsat5", 4, 0.718),
        ("landsat5", 6, 0.744),
    ],
)
def test_kappa(serve: Any, artifacts: Any, scene: str, bands: int, kappa: float) -> None:
    path = SCENES / f"{scene}.npz"
    if not path.exists():
        pytest.skip("the labelled scenes are not on this machine")
    with np.load(path) as data:
        reflectance, labels = data["img"][..., :bands], data["msk"]
    model = network(bands)
    about = json.loads(model.with_suffix(".json").read_text())["data"]["dataset_statistics"]
    normalised = CSmask.normalize(reflectance, *about["img"])
    tiles = np.moveaxis(tile_array(normalised, overlap=0.2), -1, 1)

    server = serve(artifacts.put(model.read_bytes()), max_batch_size=1)
    scores = np.moveaxis(CSmask.softmax(served(server, tiles)), 1, -1)

    shape = (*reflectance.shape[:2], scores.shape[-1])
    blended = untile_array(scores, shape, overlap=0.2, smooth_blending=True)
    truth = np.zeros_like(labels)
    for label, meaning in CLASSES.items():
        truth[labels == label] = meaning
    found = cohen_kappa_score(truth.ravel(), blended.argmax(axis=2).astype(np.uint8).ravel())
    assert found == pytest.approx(kappa, abs=0.01)
