"""Networks made from one: a smaller good one, a damaged one, a file that breaks off.

Each is a function of the network's bytes alone and returns the same bytes each time, so that a
revision keeps its name.
"""

from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

CONVOLUTION_DIMENSIONS: Final = 4
SMALLEST_QUANTISED: Final = 1024
"""Values; below it a tensor's scales and nodes weigh more than what they save."""

INT8_LIMIT: Final = 127
"""Symmetric: -128 is not used, so that zero stays zero."""

FLIPPED_SHARE: Final = 0.05
FLIP_SEED: Final = 1

KEPT_SHARE: Final = 0.5


def quantised(network: bytes) -> bytes:
    """The same network with its convolution weights as int8, with a scale an output channel.

    The weights are widened again by nodes whose inputs are all constant: an engine folds them
    when it loads the model, so that the file is half as long and an inference takes no longer.
    """
    model = onnx.load_model_from_string(network)
    graph = model.graph
    initializers: list[TensorProto] = []
    widening: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        if len(tensor.dims) != CONVOLUTION_DIMENSIONS or np.prod(tensor.dims) < SMALLEST_QUANTISED:
            initializers.append(tensor)
            continue
        name = tensor.name
        levels, scale = _levels(numpy_helper.to_array(tensor))
        initializers += [
            numpy_helper.from_array(levels, f"{name}.levels"),
            numpy_helper.from_array(scale, f"{name}.scale"),
        ]
        widening += [
            helper.make_node("Cast", [f"{name}.levels"], [f"{name}.wide"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [f"{name}.scaled"]),
            helper.make_node("Cast", [f"{name}.scaled"], [name], to=tensor.data_type),
        ]
    nodes = [*widening, *graph.node]
    del graph.initializer[:]
    graph.initializer.extend(initializers)
    del graph.node[:]
    graph.node.extend(nodes)
    return _written(model)


def damaged(network: bytes) -> bytes:
    """The same network with the sign of one convolution weight in twenty flipped.

    As radiation does to memory: the file is well formed, loads and computes, and is wrong.
    """
    model = onnx.load_model_from_string(network)
    random = np.random.default_rng(FLIP_SEED)
    for tensor in model.graph.initializer:
        if len(tensor.dims) != CONVOLUTION_DIMENSIONS:
            continue
        weights = numpy_helper.to_array(tensor)
        flipped = np.where(random.random(weights.shape) < FLIPPED_SHARE, -weights, weights)
        tensor.CopyFrom(numpy_helper.from_array(flipped, tensor.name))
    return _written(model)


def truncated(network: bytes) -> bytes:
    """The first half of the file: what an upload that broke off would leave."""
    return network[: int(len(network) * KEPT_SHARE)]


def _levels(weights: NDArray[np.floating]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights ``[out, in, rows, columns]`` as int8 and a scale ``[out, 1, 1, 1]``."""
    wide = weights.astype(np.float32)
    largest = np.abs(wide).max(axis=(1, 2, 3), keepdims=True)
    scale = np.where(largest == 0, np.float32(1), largest / np.float32(INT8_LIMIT))
    levels = np.clip(np.rint(wide / scale), -INT8_LIMIT, INT8_LIMIT)
    return levels.astype(np.int8), scale.astype(np.float32)


def _written(model: onnx.ModelProto) -> bytes:
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content
