from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from perigee_api.runtime import Engine
from perigee_edge.serve.engine.interface import (
    EngineOptions,
    InferenceFailedError,
    InputRefusedError,
    InterruptedRunError,
    Interruptible,
    Interruption,
    ModelUnreadableError,
)
from perigee_edge.serve.engine.registry import ENGINES, EngineUnavailableError, engine_named
from perigee_edge.serve.tensors import Datatype, TensorSpec

OPTIONS = EngineOptions(threads=1, keep_memory=True)
MakeModel = Callable[..., Path]


def test_there_are_the_engines_that_the_api_names() -> None:
    assert ENGINES.keys() == {engine.value for engine in Engine}


@pytest.mark.parametrize("keep_memory", [True, False])
def test_runs_a_model(make_model: MakeModel, *, keep_memory: bool) -> None:
    options = EngineOptions(threads=2, keep_memory=keep_memory)
    session = engine_named("onnxruntime").load(make_model(), options)
    assert session.platform == "onnxruntime_onnx"
    assert session.inputs == [TensorSpec("x", Datatype.FP32, (None, 2))]
    assert session.outputs == [TensorSpec("y", Datatype.FP32, (None, 2))]
    np.testing.assert_array_equal(
        session.run({"x": np.array([[1, 2]], "f4")})["y"], np.array([[-1, -2]], "f4")
    )


@pytest.mark.parametrize(
    ("element", "datatype"),
    [
        (TensorProto.BOOL, Datatype.BOOL),
        (TensorProto.UINT8, Datatype.UINT8),
        (TensorProto.UINT16, Datatype.UINT16),
        (TensorProto.UINT32, Datatype.UINT32),
        (TensorProto.UINT64, Datatype.UINT64),
        (TensorProto.INT8, Datatype.INT8),
        (TensorProto.INT16, Datatype.INT16),
        (TensorProto.INT32, Datatype.INT32),
        (TensorProto.INT64, Datatype.INT64),
        (TensorProto.FLOAT16, Datatype.FP16),
        (TensorProto.FLOAT, Datatype.FP32),
        (TensorProto.DOUBLE, Datatype.FP64),
    ],
)
def test_every_number(make_model: MakeModel, element: int, datatype: Datatype) -> None:
    session = engine_named("onnxruntime").load(make_model("Identity", element), OPTIONS)
    assert session.inputs[0].datatype is datatype
    array = np.array([[0, 1]], datatype.dtype)
    result = session.run({"x": array})["y"]
    np.testing.assert_array_equal(result, array)
    assert result.dtype == datatype.dtype


def test_byte_strings(make_model: MakeModel) -> None:
    session = engine_named("onnxruntime").load(make_model("Identity", TensorProto.STRING), OPTIONS)
    assert session.inputs[0].datatype is Datatype.BYTES
    array = np.array([["é".encode(), b""]], object)
    np.testing.assert_array_equal(session.run({"x": array})["y"], array)
    with pytest.raises(InputRefusedError, match="UTF-8"):
        session.run({"x": np.array([[b"\xff", b""]], object)})


def test_views_at_odd_offsets(make_model: MakeModel) -> None:
    session = engine_named("onnxruntime").load(make_model(), OPTIONS)
    odd = np.frombuffer(b"\0" + np.array([1, 2], "<f4").tobytes(), "<f4", 2, 1).reshape(1, 2)
    assert not odd.flags.aligned
    np.testing.assert_array_equal(session.run({"x": odd})["y"], [[-1, -2]])


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x08\x07"])
def test_files_that_are_no_models(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model"
    path.write_bytes(content)
    with pytest.raises(ModelUnreadableError, match="cannot load the model"):
        engine_named("onnxruntime").load(path, OPTIONS)


def test_truncated_model(make_model: MakeModel) -> None:
    path = make_model()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelUnreadableError):
        engine_named("onnxruntime").load(path, OPTIONS)


def test_operator_that_does_not_exist(make_model: MakeModel) -> None:
    with pytest.raises(ModelUnreadableError, match="NoSuchOperator"):
        engine_named("onnxruntime").load(make_model("NoSuchOperator"), OPTIONS)


def test_datatype_that_the_protocol_lacks(make_model: MakeModel) -> None:
    path = make_model("Cast", output=TensorProto.BFLOAT16, to=TensorProto.BFLOAT16)
    with pytest.raises(ModelUnreadableError, match=r"'y' is a tensor.bfloat16"):
        engine_named("onnxruntime").load(path, OPTIONS)


@pytest.mark.parametrize(
    "inputs", [{}, {"x": np.zeros((1, 3), "f4")}, {"x": np.zeros((1, 2))}, {"z": np.zeros(1)}]
)
def test_inputs_that_nobody_checked(make_model: MakeModel, inputs: Any) -> None:
    session = engine_named("onnxruntime").load(make_model(), OPTIONS)
    with pytest.raises((InputRefusedError, InferenceFailedError)):
        session.run(inputs)


def test_unknown_engine() -> None:
    with pytest.raises(EngineUnavailableError, match="only onnxruntime"):
        engine_named("abacus")


def test_engine_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        engine_named.__globals__["ENGINES"], "absent", "perigee_edge.serve.engine.absent:Engine"
    )
    with pytest.raises(EngineUnavailableError, match="does not carry"):
        engine_named("absent")


def test_a_run_can_be_interrupted(make_model: MakeModel) -> None:
    session = engine_named("onnxruntime").load(make_model(), OPTIONS)
    assert isinstance(session, Interruptible)
    inputs = {"x": np.array([[1, 2]], "f4")}
    interruption = Interruption()
    np.testing.assert_array_equal(session.run_unless(inputs, interruption)["y"], [[-1, -2]])
    interruption.ask()
    with pytest.raises(InterruptedRunError):
        session.run_unless(inputs, interruption)
    np.testing.assert_array_equal(session.run(inputs)["y"], [[-1, -2]])
