from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

MakeModel = Callable[..., Path]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Writes a graph of one node from input x to output y."""

    def make(
        operator: str = "Neg",
        element: int = TensorProto.FLOAT,
        shape: tuple[Any, ...] = ("n", 2),
        output: int | None = None,
        **attributes: Any,
    ) -> Path:
        graph = helper.make_graph(
            [helper.make_node(operator, ["x"], ["y"], **attributes)],
            "test",
            [helper.make_tensor_value_info("x", element, shape)],
            [helper.make_tensor_value_info("y", output or element, shape)],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        return path

    return make
