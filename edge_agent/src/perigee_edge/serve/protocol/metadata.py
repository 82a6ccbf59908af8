"""What server and model tell of themselves."""

from collections.abc import Sequence
from typing import Any

from perigee_edge.serve.tensors import TensorSpec


def server_metadata(version: str) -> dict[str, Any]:
    """Answer of ``GET /v2``."""
    return {"name": "perigee", "version": version, "extensions": ["binary_tensor_data"]}


def model_metadata(
    name: str,
    version: str,
    platform: str,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
) -> dict[str, Any]:
    """Answer of ``GET /v2/models/NAME``; an axis of any length is -1."""
    return {
        "name": name,
        "versions": [version],
        "platform": platform,
        "inputs": [_tensor(spec) for spec in inputs],
        "outputs": [_tensor(spec) for spec in outputs],
    }


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "datatype": spec.datatype,
        "shape": [-1 if length is None else length for length in spec.shape],
    }
