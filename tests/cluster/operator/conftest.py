import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
import yaml

from played.access import Access
from played.cluster import NAMESPACE, make_namespace, prepare
from played.constellation import Constellation
from played.field import Field, operating
from played.operator_process import Setting, no_forks_left

DEFINITIONS = Path(__file__).parents[3] / "crds/yaml"


class ControlPlane(Protocol):
    kubeconfig: Path


@pytest.fixture(scope="session")
def kubeconfig(control_plane: ControlPlane) -> Path:
    """Of a cluster that has all that the operator needs."""

    files = sorted(DEFINITIONS.glob("*.yaml"))
    definitions = [yaml.safe_load(file.read_text()) for file in files]

    async def prepared() -> None:
        async with Access(control_plane.kubeconfig) as access:
            await prepare(access, definitions)

    asyncio.run(prepared())
    return control_plane.kubeconfig


@pytest_asyncio.fixture
async def access(kubeconfig: Path) -> AsyncIterator[Access]:
    async with Access(kubeconfig) as access:
        yield access


@pytest_asyncio.fixture
async def namespace(access: Access) -> AsyncIterator[str]:
    """A name that is a namespace, and serves as a prefix for what has none."""
    name = f"t{uuid.uuid4().hex[:6]}"
    await make_namespace(access, name)
    yield name
    await access.delete(NAMESPACE, name)


@pytest.fixture(autouse=True)
def no_operators_left() -> Iterator[None]:
    with no_forks_left():
        yield


@pytest_asyncio.fixture
async def sky(access: Access, namespace: str) -> AsyncIterator[Constellation]:
    """Three satellites; what served on them never ceased to."""
    satellites = [f"{namespace}-{letter}" for letter in "abc"]
    async with Constellation(access, namespace, satellites) as sky:
        yield sky
        sky.serving.check()


@pytest.fixture
def setting(kubeconfig: Path, tmp_path: Path) -> Setting:
    """Of an operator in a hurry."""
    return Setting(kubeconfig, tmp_path / "operator.log", hasty=True)


@pytest_asyncio.fixture
async def field(sky: Constellation, setting: Setting) -> AsyncIterator[Field]:
    """The three satellites, and an operator that runs."""
    async with operating(setting):
        yield Field(sky)
