"""The inference server answers what the network's own package computes.

The server runs as a process of its own, with files from a cache as on a satellite, and is asked
by the demo's client. On board, it lets no network serve that fails the golden set.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from perigee_api.termination import EXIT_STATUS, Termination, TerminationReason
from perigee_demo.artifacts.files import ArtifactFile, Artifacts, make_artifacts
from perigee_demo.artifacts.network import shipped_network
from perigee_demo.inference.call import inference_client
from perigee_demo.inference.endpoints import Endpoint
from perigee_demo.scene.clouds import with_clouds
from perigee_demo.scene.served import served_mask
from perigee_demo.scene.source import read_scene
from reference_mask import reference_mask

Reflectance = NDArray[np.float32]
Mask = NDArray[np.uint8]


@pytest.fixture(scope="module")
def artifacts() -> Artifacts:
    return make_artifacts()


@pytest.fixture(scope="module", params=["clear", "clouded"])
def scene(request: pytest.FixtureRequest) -> Reflectance:
    clear = read_scene()
    return clear if request.param == "clear" else with_clouds(clear)


@pytest.fixture(scope="module")
def reference(scene: Reflectance) -> Mask:
    return reference_mask(scene)


@contextmanager
def server(
    directory: Path, file: ArtifactFile, golden: ArtifactFile
) -> Iterator[subprocess.Popen[str]]:
    """A server's process, with a file and its golden set on board; its log is on stdout."""
    board = directory / "artifacts"
    board.mkdir()
    for each in (file, golden):
        shutil.copyfile(each.path, board / each.sha256)
    termination_log = directory / "termination-log"
    termination_log.touch()  # as the kubelet does
    options = {
        "model": "cloud-mask",
        "revision": file.sha256[:8],
        "artifact": file.sha256,
        "golden": golden.sha256,
        "golden-metric": "agreement",
        "golden-threshold": "0.98",
        "artifact-directory": str(board),
        "host": "127.0.0.1",
        "port": "0",
        "drain-s": "0",
        "termination-log": str(termination_log),
    }
    command = [sys.executable, "-m", "perigee_edge.serve"]
    command += (f"--{name}={value}" for name, value in options.items())
    with subprocess.Popen(  # noqa: S603 - of this environment
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def ready(process: subprocess.Popen[str]) -> Endpoint:
    """Where the server listens, once it is ready."""
    assert process.stdout is not None
    port = None
    for line in process.stdout:
        entry = json.loads(line)
        if entry["event"] == "listening":
            port = entry["port"]
        if entry["event"] == "ready":
            assert port is not None
            return Endpoint("127.0.0.1", port, "sat-1")
    raise AssertionError(f"the server ended with status {process.wait()}")


@pytest.mark.parametrize(("variant", "least"), [("stable", 0.999), ("quantised", 0.98)])
async def test_the_mask_that_is_served_is_the_references(  # noqa: PLR0913, PLR0917 - fixtures
    variant: str,
    least: float,
    scene: Reflectance,
    reference: Mask,
    artifacts: Artifacts,
    tmp_path: Path,
) -> None:
    file: ArtifactFile = getattr(artifacts, variant)
    with server(tmp_path, file, artifacts.golden) as process:
        endpoint = ready(process)
        async with inference_client() as http:
            result = await served_mask(http, (endpoint,), "cloud-mask", scene, shipped_network())
    assert result.revisions == (file.sha256[:8],)
    assert (result.mask == reference).mean() >= least


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("damaged", TerminationReason.GOLDEN_SET_FAILED),
        ("truncated", TerminationReason.MODEL_UNREADABLE),
    ],
)
def test_a_bad_network_does_not_serve(
    variant: str, reason: TerminationReason, artifacts: Artifacts, tmp_path: Path
) -> None:
    with server(tmp_path, getattr(artifacts, variant), artifacts.golden) as process:
        log, _ = process.communicate()
    assert process.returncode == EXIT_STATUS[reason], log
    message = (tmp_path / "termination-log").read_text()
    assert Termination.model_validate_json(message).reason is reason
