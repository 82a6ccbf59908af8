"""An inference in this process."""

from collections.abc import Callable
from typing import cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from perigee_demo.artifacts.network import INPUT, OUTPUT

Infer = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From tiles ``[n, bands, rows, columns]`` to logits ``[n, classes, rows, columns]``."""


def local_inference(network: bytes, *, threads: int = 1) -> Infer:
    """The network on this machine's processor, a tile at a time.

    A tile at a time, so that the memory it takes does not grow with the number of tiles.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        network, sess_options=options, providers=["CPUExecutionProvider"]
    )

    def infer(tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = [session.run([OUTPUT], {INPUT: tile[np.newaxis]})[0] for tile in tiles]
        return cast("NDArray[np.float32]", np.concatenate(answers))

    return infer
