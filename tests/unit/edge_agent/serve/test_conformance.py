from typing import Any

import numpy as np
import pytest

from perigee_edge.serve.protocol.conformance import check_inputs
from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.tensors import Datatype, TensorSpec

SPECS = [
    TensorSpec("image", Datatype.FP32, (None, 4, 2, 2)),
    TensorSpec("scale", Datatype.INT64, ()),
]


def good() -> dict[str, Any]:
    return {"image": np.zeros((3, 4, 2, 2), "f4"), "scale": np.array(1)}


def test_conforming_inputs_pass() -> None:
    check_inputs(good(), SPECS, refuse_non_finite=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"imgae": np.zeros(1)}, "no input 'imgae'; it has image, scale"),
        ({"image": np.zeros((3, 4, 2, 2), "f8")}, "must be FP32, but is FP64"),
        ({"image": np.zeros((3, 5, 2, 2), "f4")}, r"shape \[-1, 4, 2, 2\], but has .*3, 5, 2, 2"),
        ({"image": np.zeros((4, 2, 2), "f4")}, "must have shape"),
        ({"scale": np.array([1])}, "must have shape"),
        ({"image": np.full((1, 4, 2, 2), np.nan, "f4")}, "NaN or an infinity"),
        ({"image": np.full((1, 4, 2, 2), np.inf, "f4")}, "NaN or an infinity"),
    ],
)
def test_others_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        check_inputs(good() | changes, SPECS, refuse_non_finite=True)


def test_missing_input() -> None:
    inputs = good()
    del inputs["scale"]
    with pytest.raises(RequestError, match="'scale' is missing"):
        check_inputs(inputs, SPECS, refuse_non_finite=False)


def test_nan_passes_unless_refused() -> None:
    inputs = good() | {"image": np.full((1, 4, 2, 2), np.nan, "f4")}
    check_inputs(inputs, SPECS, refuse_non_finite=False)
