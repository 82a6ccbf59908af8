import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perigee_api.golden import GoldenMetric
from perigee_api.termination import TerminationReason
from perigee_edge.serve.loading import LoadError, load
from perigee_edge.serve.settings import GoldenSettings, ModelSettings

MakeModel = Callable[..., Path]
ABSENT = "0" * 64
X = np.array([[1, 2], [3, 4], [5, 6]], "f4")


class Cache:
    """A satellite's artifacts."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()

    def put(self, path: Path) -> str:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        (self.directory / digest).write_bytes(content)
        return digest

    def golden(self, **arrays: Any) -> str:
        path = self.directory / "golden.npz"
        named = {name.replace("_", ".", 1): array for name, array in arrays.items()}
        np.savez(path, **named)
        return self.put(path)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "artifacts")


def settings(
    cache: Cache, artifact: str, golden: str | None = None, **changes: Any
) -> ModelSettings:
    return ModelSettings(
        **{
            "name": "m",
            "revision": "1",
            "artifact": artifact,
            "golden": golden
            and GoldenSettings(sha256=golden, metric=GoldenMetric.AGREEMENT, threshold=0.9),
            "artifact_directory": cache.directory,
            "engine": "onnxruntime",
            "threads": 1,
            "keep_memory": True,
            "max_batch_size": 2,
            "max_batch_delay_ms": 0,
            "max_waiting": 1,
            **changes,
        }
    )


def refusal(wanted: ModelSettings) -> tuple[TerminationReason, str]:
    with pytest.raises(LoadError) as error:
        load(wanted)
    return error.value.termination.reason, error.value.termination.message


def test_without_a_golden_set(cache: Cache, make_model: MakeModel) -> None:
    assert load(settings(cache, cache.put(make_model()))).verdict is None


def test_with_a_golden_set_larger_than_a_batch(cache: Cache, make_model: MakeModel) -> None:
    golden = cache.golden(in_x=X, out_y=-X)
    verdict = load(settings(cache, cache.put(make_model()), golden)).verdict
    assert verdict is not None
    assert (verdict.passed, verdict.value, verdict.samples) == (True, 1.0, 3)


def test_golden_set_of_a_model_with_a_fixed_axis_0(cache: Cache, make_model: MakeModel) -> None:
    golden = cache.golden(in_x=X, out_y=-X)
    assert load(settings(cache, cache.put(make_model(shape=(3, 2))), golden)).verdict is not None


def test_golden_set_fails(cache: Cache, make_model: MakeModel) -> None:
    golden = cache.golden(in_x=X, out_y=X)
    reason, message = refusal(settings(cache, cache.put(make_model()), golden))
    assert reason is TerminationReason.GOLDEN_SET_FAILED
    assert "agreement is 0 over 3 samples, less than the 0.9" in message


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"in_x": X.astype("f8"), "out_y": X}, "must be FP32"),
        ({"in_z": X, "out_y": X}, "no input 'z'"),
        ({"in_x": X, "out_z": X}, "output 'z' .* is missing"),
        ({"in_x": X}, "needs arrays"),
    ],
)
def test_golden_set_of_another_model(
    cache: Cache, make_model: MakeModel, arrays: Any, message: str
) -> None:
    reason, said = refusal(settings(cache, cache.put(make_model()), cache.golden(**arrays)))
    assert reason is TerminationReason.GOLDEN_SET_FAILED
    assert re.search(message, said)


def test_artifact_missing(cache: Cache) -> None:
    reason, message = refusal(settings(cache, ABSENT))
    assert reason is TerminationReason.ARTIFACT_MISSING
    assert ABSENT in message
    assert "No such file" in message


def test_artifact_changed_since(cache: Cache, make_model: MakeModel) -> None:
    digest = cache.put(make_model())
    (cache.directory / digest).write_bytes(b"")
    reason, message = refusal(settings(cache, digest))
    assert reason is TerminationReason.ARTIFACT_MISSING
    assert "0 bytes" in message


def test_golden_set_missing(cache: Cache, make_model: MakeModel) -> None:
    reason, message = refusal(settings(cache, cache.put(make_model()), ABSENT))
    assert reason is TerminationReason.ARTIFACT_MISSING
    assert message.startswith("golden set: ")


def test_model_unreadable(cache: Cache, make_model: MakeModel) -> None:
    path = make_model()
    path.write_bytes(path.read_bytes()[:40])
    assert refusal(settings(cache, cache.put(path)))[0] is TerminationReason.MODEL_UNREADABLE


def test_unknown_engine(cache: Cache, make_model: MakeModel) -> None:
    reason, _ = refusal(settings(cache, cache.put(make_model()), engine="abacus"))
    assert reason is TerminationReason.CONFIGURATION_INVALID
