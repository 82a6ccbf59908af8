"""Where the demo runs from: charts, images and samples are those of its own checkout."""

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[3]
"""A demo that is installed elsewhere has none."""
SAMPLES: Final = CHECKOUT / "manifests" / "samples"
