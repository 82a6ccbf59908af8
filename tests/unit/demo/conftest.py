from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from perigee_demo.artifacts.files import Artifacts, make_artifacts
from perigee_demo.artifacts.network import Network, shipped_network
from perigee_demo.inference.local import Infer, local_inference
from perigee_demo.scene.clouds import with_clouds
from perigee_demo.scene.source import read_scene
from perigee_demo.scene.tiles import tiles_of


@pytest.fixture(scope="session")
def network() -> Network:
    return shipped_network()


@pytest.fixture(scope="session")
def stable(network: Network) -> Infer:
    return local_inference(network.path.read_bytes())


@pytest.fixture(scope="session")
def artifacts() -> Artifacts:
    return make_artifacts()


@pytest.fixture(scope="session")
def scene() -> NDArray[np.float32]:
    return read_scene()


@pytest.fixture(scope="session")
def clouded(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    return with_clouds(scene)


@pytest.fixture(scope="session")
def clouded_tiles(clouded: NDArray[np.float32], network: Network) -> NDArray[np.float32]:
    return tiles_of(clouded, network)


@pytest.fixture(scope="session")
def agreement_with_stable(
    stable: Infer, clouded_tiles: NDArray[np.float32]
) -> Callable[[bytes], float]:
    """How far a network agrees with the stable one on the scene under clouds."""
    expected = stable(clouded_tiles).argmax(axis=1)

    def agreement(network: bytes) -> float:
        return float((local_inference(network)(clouded_tiles).argmax(axis=1) == expected).mean())

    return agreement
