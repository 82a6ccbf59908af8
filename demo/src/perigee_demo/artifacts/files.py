"""The demo's artifacts as files, with the digests and sizes that an InferenceModel names."""

import hashlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Final, Self

import numpy as np

from perigee_demo.artifacts import golden, network, variants
from perigee_demo.artifacts.golden import golden_set
from perigee_demo.artifacts.network import Network, shipped_network
from perigee_demo.artifacts.variants import damaged, quantised, truncated
from perigee_demo.cache import cache_directory, cached
from perigee_demo.inference import local
from perigee_demo.inference.local import local_inference
from perigee_demo.scene import clouds, source, tiles
from perigee_demo.scene.clouds import with_clouds
from perigee_demo.scene.source import read_scene, scene_path
from perigee_demo.scene.tiles import tiles_of

LIBRARIES: Final = ("numpy", "onnx", "onnxruntime", "scipy", "ukis-csmask")
MODULES: Final[tuple[ModuleType, ...]] = (
    clouds,
    golden,
    local,
    network,
    source,
    tiles,
    variants,
)
"""What the files are made by: a change of these makes them anew."""

CLEAR_SAMPLES: Final = 1
CLOUDED_SAMPLES: Final = 3
"""Tiles in the golden set. A clear one is not enough: a broken network may call all clear."""


NAMES: Final = {
    "stable": "cloud-mask.onnx",
    "quantised": "cloud-mask-int8.onnx",
    "damaged": "cloud-mask-damaged.onnx",
    "truncated": "cloud-mask-truncated.onnx",
    "golden": "golden.npz",
}
"""File names, by field of `Artifacts`."""


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file that satellites fetch, told by its digest."""

    path: Path
    sha256: str
    size: int
    """Bytes."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file at a path."""
        content = path.read_bytes()
        return cls(path, hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What the demo's model is made of, in several states of health."""

    stable: ArtifactFile
    """The network as shipped, with weights of half precision."""
    quantised: ArtifactFile
    """The same network with weights of int8: half the bytes, nearly the same answers."""
    damaged: ArtifactFile
    """Loads and computes, and is wrong."""
    truncated: ArtifactFile
    """Half of the file: of the right digest, and cannot be loaded."""
    golden: ArtifactFile

    def __iter__(self) -> Iterator[ArtifactFile]:
        """All of them."""
        return iter((self.stable, self.quantised, self.damaged, self.truncated, self.golden))


def make_artifacts(parent: Path | None = None) -> Artifacts:
    """Makes the artifacts, or finds them where they have been made.

    Args:
        parent: where they are kept; None: in Perigee's cache.
    """
    shipped = shipped_network()
    directory = cached(
        cache_directory() / "artifacts" if parent is None else parent,
        [
            shipped.path.read_bytes(),
            scene_path().read_bytes(),
            *(inspect.getsource(module).encode() for module in MODULES),
            *(f"{library} {version(library)}".encode() for library in LIBRARIES),
            repr((NAMES, CLEAR_SAMPLES, CLOUDED_SAMPLES)).encode(),
        ],
        lambda empty: _fill(empty, shipped),
    )
    return Artifacts(**{field: ArtifactFile.of(directory / name) for field, name in NAMES.items()})


def _fill(directory: Path, shipped: Network) -> None:
    stable = shipped.path.read_bytes()
    scene = read_scene()
    samples = np.concatenate(
        [
            tiles_of(scene, shipped)[:CLEAR_SAMPLES],
            tiles_of(with_clouds(scene), shipped)[:CLOUDED_SAMPLES],
        ]
    )
    contents = {
        "stable": stable,
        "quantised": quantised(stable),
        "damaged": damaged(stable),
        "truncated": truncated(stable),
        "golden": golden_set(samples, local_inference(stable)),
    }
    for field, content in contents.items():
        (directory / NAMES[field]).write_bytes(content)
