"""Golden sets: known inputs with the outputs of a network that is trusted.

An .npz file with an array ``in.NAME`` for each input and ``out.NAME`` for each output.
"""

import io

import numpy as np
from numpy.typing import NDArray

from perigee_demo.artifacts.network import INPUT, OUTPUT
from perigee_demo.inference.local import Infer

CLASS_AXIS = 1


def golden_set(tiles: NDArray[np.float32], infer: Infer) -> bytes:
    """An .npz file, the same each time for the same tiles and outputs.

    Inputs and outputs are rounded to what half precision can hold, so that the file compresses;
    the outputs are those of the rounded inputs.

    Args:
        tiles: samples ``[n, bands, rows, columns]``.
        infer: the trusted network.

    Raises:
        ValueError: rounding moved a position to another class, so that the file would hold
            something else than the network's answer.
    """
    inputs = _rounded(tiles)
    exact = infer(inputs)
    outputs = _rounded(exact)
    moved = int((outputs.argmax(CLASS_AXIS) != exact.argmax(CLASS_AXIS)).sum())
    if moved:
        raise ValueError(f"rounding the golden outputs moves {moved} positions to another class")
    file = io.BytesIO()
    np.savez_compressed(
        file, allow_pickle=False, **{f"in.{INPUT}": inputs, f"out.{OUTPUT}": outputs}
    )
    return file.getvalue()


def agreement(outputs: NDArray[np.float32], golden: NDArray[np.float32]) -> float:
    """The share of positions at which the class with the highest score (axis 1) is the same."""
    return float((outputs.argmax(CLASS_AXIS) == golden.argmax(CLASS_AXIS)).mean())


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values.astype(np.float16).astype(np.float32)
