"""Clouds laid over a scene that has none, with the shadows that they cast.

The scene is clear, and a mask of a clear scene shows little: any network that always answers
"clear" would agree with it. The simulated clouds are fractal noise above a threshold; they are
marked as simulated wherever they are shown.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

from perigee_demo.scene.source import REFLECTANCE_SCALE

OCTAVES: Final = ((32, 1.0), (16, 0.5), (8, 0.28), (4, 0.14), (2, 0.07), (1, 0.035))
"""Scale in pixels and amplitude of the noise's parts."""

EDGE: Final = 0.55
"""Standard deviations of the noise from a cloud's edge to where it is opaque."""

TOP_DARKEST: Final = 0.62
TOP_BRIGHTEST: Final = 0.84
TOP_TINT: Final = np.array([1.0, 0.97, 0.97, 1.02])
"""Reflectance of a cloud's top, and its tint by band."""

SHADOW_OFFSET: Final = (24, -18)
"""Rows and columns: the sun stands in the north-east, as over this scene."""

SHADOW_BLUR: Final = 1.5
SHADOW_DEPTH: Final = 0.65 * np.array([0.75, 0.85, 0.95, 1.0])
"""Share of the light that a shadow takes, by band: the sky still lights its blue."""


def with_clouds(
    reflectance: NDArray[np.float32], *, cover: float = 0.35, seed: int = 1
) -> NDArray[np.float32]:
    """The scene under clouds.

    Args:
        reflectance: ``[rows, columns, bands]``; blue, green, red, near infrared.
        cover: share of the scene that has at least a thin cloud over it.
        seed: where the clouds are.

    Returns:
        Reflectance of the same shape, rounded as Sentinel-2's numbers are.
    """
    opacity = _opacity(reflectance.shape[0], reflectance.shape[1], cover, seed)
    shade = gaussian_filter(shift(opacity, SHADOW_OFFSET, order=1, mode="constant"), SHADOW_BLUR)
    ground = reflectance * (1 - shade[..., np.newaxis] * SHADOW_DEPTH)
    over = opacity[..., np.newaxis]
    top = (TOP_DARKEST + (TOP_BRIGHTEST - TOP_DARKEST) * over) * TOP_TINT
    seen = ground * (1 - over) + top * over
    numbers: NDArray[np.float32] = np.rint(seen * REFLECTANCE_SCALE).astype(np.float32)
    return numbers / np.float32(REFLECTANCE_SCALE)


def _opacity(rows: int, columns: int, cover: float, seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    noise = np.zeros((rows, columns))
    for scale, amplitude in OCTAVES:
        white = random.standard_normal((rows, columns))
        # Blurring by `scale` divides the noise's deviation by about that much.
        noise += gaussian_filter(white, scale, mode="wrap") * scale * amplitude
    noise /= noise.std()
    return np.clip((noise - np.quantile(noise, 1 - cover)) / EDGE, 0, 1)
