from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perigee_demo.scene.picture import CLASSES, Panel, coloured, true_colour, write_picture
from perigee_demo.scene.tiles import CLEAR, CLOUD, SHADOW


def test_brighter_ground_is_drawn_brighter() -> None:
    grey = np.linspace(0, 1.1, 50, dtype=np.float32)[np.newaxis, :, np.newaxis].repeat(4, axis=2)
    drawn = true_colour(grey)[0].astype(int)
    assert drawn.shape == (50, 3)
    assert (np.diff(drawn, axis=0) >= 0).all()
    assert drawn[0].tolist() == [0, 0, 0]
    assert drawn[-1].tolist() == [255, 255, 255]


def test_red_is_red() -> None:
    red_ground = np.array([[[0.0, 0.0, 0.5, 0.0]]], dtype=np.float32)
    red, green, blue = true_colour(red_ground)[0, 0]
    assert red > 100
    assert green == blue == 0


def test_classes_have_the_legends_colours() -> None:
    drawn = coloured(np.array([[CLEAR, CLOUD, SHADOW]], dtype=np.uint8))
    assert [tuple(pixel) for pixel in drawn[0]] == [
        CLASSES[label][1] for label in (CLEAR, CLOUD, SHADOW)
    ]


def test_the_picture_holds_scene_and_mask(scene: NDArray[np.float32], tmp_path: Path) -> None:
    mask = np.full(scene.shape[:2], SHADOW, dtype=np.uint8)
    file = tmp_path / "new" / "picture.png"
    write_picture(file, [Panel("title", scene, mask)], "heading", "footing")
    with Image.open(file) as picture:
        assert picture.format == "PNG"
        colours = picture.getcolors(maxcolors=1 << 20)
    assert colours is not None
    counts = {colour: count for count, colour in colours}
    assert counts[CLASSES[SHADOW][1]] >= 600 * 600
