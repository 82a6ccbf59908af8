import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from perigee_demo.artifacts.depot import place
from perigee_demo.artifacts.files import ArtifactFile, Artifacts, make_artifacts
from perigee_demo.artifacts.golden import agreement
from perigee_demo.inference.local import local_inference


def golden_agreement(artifacts: Artifacts, file: ArtifactFile) -> list[float]:
    """Of each sample."""
    with np.load(artifacts.golden.path, allow_pickle=False) as golden:
        inputs, outputs = golden["in.input"], golden["out.output"]
    answers = local_inference(file.path.read_bytes())(inputs)
    return [agreement(answers[[i]], outputs[[i]]) for i in range(len(inputs))]


@pytest.mark.parametrize(
    ("choose", "holds"),
    [
        (lambda made: made.stable, lambda shares: min(shares) >= 0.9999),
        (lambda made: made.quantised, lambda shares: min(shares) >= 0.98),
        (lambda made: made.damaged, lambda shares: np.mean(shares) < 0.9),
    ],
    ids=["stable", "quantised", "damaged"],
)
def test_the_golden_set_tells_good_from_bad(
    choose: Callable[[Artifacts], ArtifactFile],
    holds: Callable[[list[float]], bool],
    artifacts: Artifacts,
) -> None:
    shares = golden_agreement(artifacts, choose(artifacts))
    assert holds(shares), shares


def test_the_golden_set_has_every_class_and_no_class_alone(artifacts: Artifacts) -> None:
    with np.load(artifacts.golden.path, allow_pickle=False) as golden:
        classes = np.bincount(golden["out.output"].argmax(axis=1).ravel(), minlength=3)
    assert (classes / classes.sum() > 0.05).all(), classes


def test_digests_and_sizes_are_those_of_the_files(artifacts: Artifacts) -> None:
    for file in artifacts:
        content = file.path.read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.size)
    assert len({file.sha256 for file in artifacts}) == 5


def test_making_them_anew_gives_the_same_bytes(artifacts: Artifacts, tmp_path: Path) -> None:
    again = make_artifacts(tmp_path)
    assert [file.sha256 for file in again] == [file.sha256 for file in artifacts]


def test_the_depot_holds_copies(tmp_path: Path) -> None:
    source = tmp_path / "model.onnx"
    source.write_bytes(b"weights")
    file = ArtifactFile.of(source)
    depot = tmp_path / "depot"
    for _ in range(2):
        place([file], depot)
        assert [path.name for path in depot.iterdir()] == ["model.onnx"]
        assert (depot / "model.onnx").read_bytes() == b"weights"
        assert (depot / "model.onnx").stat().st_mode & 0o777 == 0o644
