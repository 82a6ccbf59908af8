"""From a scene to the network's tiles, and from its answers to a mask.

Normalisation, overlap, padding and blending are those of the network's own package, whose
functions do the work.
"""

from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from ukis_csmask.mask import CSmask
from ukis_csmask.utils import tile_array, untile_array

from perigee_demo.artifacts.network import Network

OVERLAP: Final = 0.2
"""Share of a tile's side, as CSmask has it."""

CLEAR: Final = 0
CLOUD: Final = 1
SHADOW: Final = 2


def tiles_of(reflectance: NDArray[np.float32], network: Network) -> NDArray[np.float32]:
    """Normalised tiles.

    Args:
        reflectance: ``[rows, columns, bands]`` in 0 to 1, with the network's bands in its order.
        network: whose input they are to be.

    Returns:
        ``[n, bands, tile, tile]``.
    """
    normalised = CSmask.normalize(reflectance.copy(), list(network.mean), list(network.deviation))
    tiles = tile_array(normalised, xsize=network.tile, ysize=network.tile, overlap=OVERLAP)
    return np.ascontiguousarray(np.moveaxis(tiles, -1, 1))


def mask_of(logits: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.uint8]:
    """The mask of a scene from the answers to all of its tiles.

    Args:
        logits: ``[n, classes, tile, tile]``, in the order of `tiles_of`.
        rows: of the scene.
        columns: of the scene.

    Returns:
        ``[rows, columns]`` of `CLEAR`, `CLOUD` or `SHADOW`.
    """
    probabilities = np.moveaxis(CSmask.softmax(logits), 1, -1)
    classes = probabilities.shape[-1]
    blended = untile_array(
        probabilities, (rows, columns, classes), overlap=OVERLAP, smooth_blending=True
    )
    return cast("NDArray[np.uint8]", blended.argmax(axis=2).astype(np.uint8))
