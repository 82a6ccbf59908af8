"""The masks that the network's own package computes: what satellites serve has to agree with."""

import numpy as np
from numpy.typing import NDArray
from ukis_csmask.mask import CSmask

from perigee_demo.artifacts.network import BANDS, PRODUCT_LEVEL


def reference_mask(scene: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Classes of the pixels of a scene, height x width, from its reflectance."""
    csmask = CSmask(scene.copy(), list(BANDS), PRODUCT_LEVEL, intra_op_num_threads=1)
    mask: NDArray[np.uint8] = csmask.csm[..., 0]
    return mask
