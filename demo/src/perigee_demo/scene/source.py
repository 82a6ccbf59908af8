"""The scene: 3 km x 3 km of fields and forest, seen by Sentinel-2 without a cloud.

The package spyndex carries it: four bands of 300 x 300 pixels of 10 m.
"""

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

REFLECTANCE_SCALE: Final = 10_000
"""Sentinel-2's digital numbers are reflectance times this."""


def scene_path() -> Path:
    """The file; reading it needs no import of spyndex, which takes seconds."""
    return Path(str(distribution("spyndex").locate_file("spyndex/data/S2_10m.json")))


def read_scene() -> NDArray[np.float32]:
    """Reflectance ``[rows, columns, bands]`` in 0 to 1; blue, green, red, near infrared."""
    numbers = np.asarray(json.loads(scene_path().read_text()), dtype=np.float32)
    return np.moveaxis(numbers, 0, -1) / np.float32(REFLECTANCE_SCALE)
