"""The network of the demo: the cloud and shadow mask that the package ukis-csmask ships.

Wieland, Li and Martinis, "Multi-sensor cloud and cloud shadow segmentation with a convolutional
neural network", Remote Sensing of Environment 230 (2019): a U-Net over blue, green, red and
near-infrared reflectance at the top of the atmosphere. Its weights are of half precision.
"""

import json
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

BANDS: Final = ("blue", "green", "red", "nir")
PRODUCT_LEVEL: Final = "l1c"
"""Top of the atmosphere, as the scene is."""

INPUT: Final = "input"
"""``[n, 4, 256, 256]`` float32: normalised reflectance."""

OUTPUT: Final = "output"
"""``[n, 3, 256, 256]`` float32: logits of clear, cloud and shadow."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network and how its input is made."""

    path: Path
    mean: tuple[float, ...]
    """Of reflectance, by band."""
    deviation: tuple[float, ...]
    """Standard deviation of reflectance, by band."""
    tile: int
    """Side of a tile in pixels."""


def shipped_network() -> Network:
    """The network as the package ships it.

    Raises:
        ValueError: the package's network is not the one that the demo was written for.
    """
    package = distribution("ukis-csmask")
    path = Path(str(package.locate_file(f"ukis_csmask/model_4b_{PRODUCT_LEVEL}.onnx")))
    about = json.loads(path.with_suffix(".json").read_text())["data"]
    statistics = about["dataset_statistics"]
    rows, columns = about["target_size"]
    if tuple(statistics["band_names"]) != BANDS or rows != columns:
        raise ValueError(
            f"{path} takes tiles of {rows} x {columns} with bands {statistics['band_names']}; "
            f"the demo makes square ones with {list(BANDS)}: install the locked ukis-csmask"
        )
    mean, deviation = statistics["img"]
    return Network(path, tuple(mean), tuple(deviation), rows)
