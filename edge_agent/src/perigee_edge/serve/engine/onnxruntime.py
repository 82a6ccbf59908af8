"""ONNX Runtime on the CPU."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import (
    onnxruntime_pybind11_state as ort_errors,
)

from perigee_edge.serve.engine.interface import (
    EngineOptions,
    InferenceFailedError,
    InputRefusedError,
    InterruptedRunError,
    Interruption,
    ModelUnreadableError,
)
from perigee_edge.serve.engine.memory import give_back_all, give_back_large
from perigee_edge.serve.tensors import Array, Datatype, Tensors, TensorSpec

_DATATYPES: Final = {
    "tensor(bool)": Datatype.BOOL,
    "tensor(uint8)": Datatype.UINT8,
    "tensor(uint16)": Datatype.UINT16,
    "tensor(uint32)": Datatype.UINT32,
    "tensor(uint64)": Datatype.UINT64,
    "tensor(int8)": Datatype.INT8,
    "tensor(int16)": Datatype.INT16,
    "tensor(int32)": Datatype.INT32,
    "tensor(int64)": Datatype.INT64,
    "tensor(float16)": Datatype.FP16,
    "tensor(float)": Datatype.FP32,
    "tensor(double)": Datatype.FP64,
    "tensor(string)": Datatype.BYTES,
}

# ONNX Runtime's exceptions have no base class of their own.
_ERRORS: Final = (
    ort_errors.EPFail,
    ort_errors.EngineError,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    RuntimeError,
    ValueError,
)


class OnnxRuntimeEngine:
    """Loads ONNX models."""

    def load(self, artifact: Path, options: EngineOptions) -> "OnnxRuntimeSession":
        """As `Engine.load`."""
        if not options.keep_memory:
            give_back_all()
        session_options = ort.SessionOptions()
        session_options.intra_op_num_threads = options.threads
        session_options.inter_op_num_threads = 1
        # Threads that spin while they wait for work would drain a satellite's battery.
        session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session_options.enable_cpu_mem_arena = options.keep_memory
        # Errors come as exceptions; on standard error they would break up the log.
        session_options.log_severity_level = 4
        try:
            session = ort.InferenceSession(
                str(artifact), session_options, providers=["CPUExecutionProvider"]
            )
        except _ERRORS as error:
            raise ModelUnreadableError(f"ONNX Runtime cannot load the model: {error}") from error
        if not options.keep_memory:
            give_back_large()
        return OnnxRuntimeSession(session)


class OnnxRuntimeSession:
    """A loaded ONNX model, as `Session`."""

    platform = "onnxruntime_onnx"

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self.inputs = [_spec(node) for node in session.get_inputs()]
        self.outputs = [_spec(node) for node in session.get_outputs()]
        self._output_names = [spec.name for spec in self.outputs]

    def run(self, inputs: Tensors) -> Tensors:
        """As `Session.run`."""
        return self._computed(inputs, None)

    def run_unless(self, inputs: Tensors, interruption: Interruption) -> Tensors:
        """As `Interruptible.run_unless`: it ends after the node that is computed."""
        options = ort.RunOptions()
        interruption.ends(lambda: setattr(options, "terminate", True))
        try:
            return self._computed(inputs, options)
        except InferenceFailedError as error:
            if interruption.asked:
                raise InterruptedRunError from error
            raise

    def _computed(self, inputs: Tensors, options: ort.RunOptions | None) -> Tensors:
        feeds = {name: _fed(name, array) for name, array in inputs.items()}
        try:
            results = self._session.run(self._output_names, feeds, options)
        except ort_errors.InvalidArgument as error:
            raise InputRefusedError(str(error)) from error
        except _ERRORS as error:
            raise InferenceFailedError(str(error)) from error
        return {
            name: _fetched(result) for name, result in zip(self._output_names, results, strict=True)
        }


def _spec(node: Any) -> TensorSpec:
    """A named axis, a string for ONNX Runtime, may have any length, like one with no name."""
    if node.type not in _DATATYPES:
        raise ModelUnreadableError(
            f"the model's tensor {node.name!r} is a {node.type}, "
            "for which the Open Inference Protocol has no datatype"
        )
    shape = tuple(length if isinstance(length, int) else None for length in node.shape)
    return TensorSpec(node.name, _DATATYPES[node.type], shape)


def _fed(name: str, array: Array) -> Array:
    """ONNX Runtime wants `str` where the protocol has bytes.

    It also wants aligned memory, which a tensor behind a JSON text of any length has by chance.
    """
    if array.dtype != np.object_:
        return np.require(array, requirements=["C_CONTIGUOUS", "ALIGNED"])
    try:
        return _converted(array, [element.decode() for element in array.reshape(-1)])
    except UnicodeDecodeError as error:
        raise InputRefusedError(f"input {name!r} holds a string that is not UTF-8") from error


def _fetched(array: Array) -> Array:
    if array.dtype != np.object_:
        return array
    return _converted(array, [element.encode() for element in array.reshape(-1)])


def _converted(array: Array, elements: list[Any]) -> Array:
    flat = np.empty(len(elements), dtype=np.object_)
    flat[:] = elements
    return flat.reshape(array.shape)
