import io

import numpy as np
import pytest
from numpy.typing import NDArray

from perigee_demo.artifacts.golden import agreement, golden_set
from perigee_demo.inference.local import Infer

Tiles = NDArray[np.float32]


def read(content: bytes) -> dict[str, Tiles]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return dict(file)


def test_holds_the_networks_own_answers_to_its_inputs(stable: Infer, clouded_tiles: Tiles) -> None:
    file = read(golden_set(clouded_tiles[:1], stable))
    assert set(file) == {"in.input", "out.output"}
    assert {array.dtype for array in file.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(file["in.input"], clouded_tiles[:1], rtol=1e-3, atol=1e-6)
    answer = stable(file["in.input"])
    assert agreement(answer, file["out.output"]) == 1
    assert np.abs(answer - file["out.output"]).max() < 0.01


def test_is_the_same_each_time(stable: Infer, clouded_tiles: Tiles) -> None:
    assert golden_set(clouded_tiles[:1], stable) == golden_set(clouded_tiles[:1], stable)


def test_refuses_outputs_that_rounding_would_change() -> None:
    def almost_equal(tiles: Tiles) -> Tiles:
        logits = np.ones((len(tiles), 2, 4, 4), dtype=np.float32)
        logits[:, 1] += np.float32(1e-6)
        return logits

    with pytest.raises(ValueError, match="moves 16 positions"):
        golden_set(np.zeros((1, 4, 4, 4), dtype=np.float32), almost_equal)


def test_agreement_counts_positions() -> None:
    golden = np.zeros((1, 2, 2, 2), dtype=np.float32)
    golden[:, 1] = 1
    output = golden.copy()
    output[0, :, 0, 0] = [1, 0]
    assert agreement(output, golden) == 0.75
