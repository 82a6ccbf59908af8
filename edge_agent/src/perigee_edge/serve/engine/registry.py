"""Engines by the name that `spec.runtime.engine` gives them."""

import importlib
from typing import Final, cast

from perigee_edge.serve.engine.interface import Engine

ENGINES: Final = {
    "onnxruntime": "perigee_edge.serve.engine.onnxruntime:OnnxRuntimeEngine",
}
"""Imported on demand: an image carries the engine that it is made for, and no other."""


class EngineUnavailableError(Exception):
    """No such engine, or its libraries are not installed."""


def engine_named(name: str) -> Engine:
    """The engine of that name.

    Raises:
        EngineUnavailableError: There is none, or this image does not carry it.
    """
    if name not in ENGINES:
        raise EngineUnavailableError(f"there is no engine {name!r}, only {', '.join(ENGINES)}")
    module, factory = ENGINES[name].split(":")
    try:
        return cast("Engine", getattr(importlib.import_module(module), factory)())
    except ImportError as error:
        raise EngineUnavailableError(
            f"this image does not carry the engine {name!r}: {error}"
        ) from error
