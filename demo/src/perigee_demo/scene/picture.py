"""The picture of the demo: scenes in true colour beside their masks, with a legend."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from perigee_demo.scene.tiles import CLEAR, CLOUD, SHADOW

SCALE: Final = 2
"""Pixels of the picture for one of the scene."""

MARGIN: Final = 28
GAP: Final = 16
TITLE_HEIGHT: Final = 30
HEAD_HEIGHT: Final = 64
LEGEND_HEIGHT: Final = 60

BACKGROUND: Final = (17, 20, 27)
BRIGHT: Final = (236, 239, 244)
MUTED: Final = (150, 160, 176)

RED_GREEN_BLUE: Final = [2, 1, 0]
GAIN: Final = 3.2
"""Ground reflects little; clouds are compressed by the curve instead of being cut off."""

CLASSES: Final = {
    CLEAR: ("clear", (64, 110, 74)),
    CLOUD: ("cloud", (240, 243, 248)),
    SHADOW: ("cloud shadow", (92, 76, 168)),
}


@dataclass(frozen=True, slots=True)
class Panel:
    """A scene and its mask."""

    title: str
    reflectance: NDArray[np.float32]
    """``[rows, columns, bands]``; blue, green, red first."""
    mask: NDArray[np.uint8]
    """``[rows, columns]`` of classes."""


def draw(panels: Sequence[Panel], heading: str, footing: str) -> Image.Image:
    """One row a panel: true colour on the left, mask on the right.

    Args:
        panels: all of the same size.
        heading: what the picture shows.
        footing: where it comes from.
    """
    rows, columns = panels[0].mask.shape
    height, width = rows * SCALE, columns * SCALE
    picture = Image.new(
        "RGB",
        (
            2 * MARGIN + 2 * width + GAP,
            HEAD_HEIGHT + len(panels) * (TITLE_HEIGHT + height + GAP) + LEGEND_HEIGHT,
        ),
        BACKGROUND,
    )
    pen = ImageDraw.Draw(picture)
    pen.text((MARGIN, 20), heading, BRIGHT, ImageFont.load_default(24))
    top = HEAD_HEIGHT
    right = MARGIN + width + GAP
    for panel in panels:
        pen.text((MARGIN, top + 4), panel.title, MUTED, ImageFont.load_default(16))
        pen.text((right, top + 4), _shares(panel.mask), MUTED, ImageFont.load_default(16))
        top += TITLE_HEIGHT
        for left, pixels in (
            (MARGIN, true_colour(panel.reflectance)),
            (right, coloured(panel.mask)),
        ):
            enlarged = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
            picture.paste(enlarged, (left, top))
        top += height + GAP
    _legend(pen, top + 4, footing)
    return picture


def write_picture(path: Path, panels: Sequence[Panel], heading: str, footing: str) -> None:
    """Draws into a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(panels, heading, footing).save(path, optimize=True)


def true_colour(reflectance: NDArray[np.float32]) -> NDArray[np.uint8]:
    """As an eye would see it, ``[rows, columns, 3]``; dark ground is lifted."""
    light = reflectance[..., RED_GREEN_BLUE].clip(0)
    curve = 1 - np.exp(-GAIN * light / (1 + light))
    share = (curve / (1 - np.exp(-GAIN / 2))).clip(0, 1)
    pixels: NDArray[np.uint8] = (255 * share).astype(np.uint8)
    return pixels


def coloured(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask in the legend's colours, ``[rows, columns, 3]``."""
    palette = np.array([CLASSES[label][1] for label in sorted(CLASSES)], dtype=np.uint8)
    pixels: NDArray[np.uint8] = palette[mask]
    return pixels


def _shares(mask: NDArray[np.uint8]) -> str:
    return ", ".join(f"{name} {(mask == label).mean():.1%}" for label, (name, _) in CLASSES.items())


def _legend(pen: ImageDraw.ImageDraw, top: int, footing: str) -> None:
    font = ImageFont.load_default(16)
    left = MARGIN
    for name, colour in CLASSES.values():
        pen.rectangle((left, top + 2, left + 18, top + 20), fill=colour)
        pen.text((left + 26, top), name, BRIGHT, font)
        left += 26 + int(pen.textlength(name, font)) + 28
    pen.text((left, top), footing, MUTED, font)
