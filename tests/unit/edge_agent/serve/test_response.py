import json
from typing import Any

import numpy as np
import pytest

from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.protocol.metadata import model_metadata
from perigee_edge.serve.protocol.request import HEADER_LENGTH, InferenceRequest, RequestedOutput
from perigee_edge.serve.protocol.response import (
    EncodedResponse,
    chosen_outputs,
    encode_response,
)
from perigee_edge.serve.tensors import Datatype, TensorSpec

SPECS = [
    TensorSpec("a", Datatype.FP32, (None, 2)),
    TensorSpec("b", Datatype.INT64, (None,)),
]


def asking(*outputs: RequestedOutput, binary: bool = False) -> InferenceRequest:
    return InferenceRequest(id=None, inputs={}, outputs=outputs, binary_output=binary)


def encoded(array: Any, *, binary: bool) -> EncodedResponse:
    return encode_response("m", "1", "7", {"a": array}, [RequestedOutput("a", binary)])


def test_json_answer() -> None:
    response = encoded(np.array([[1, 2]], "f4"), binary=False)
    assert response.headers == {"Content-Type": "application/json"}
    (text,) = response.parts
    assert json.loads(bytes(text)) == {
        "model_name": "m",
        "model_version": "1",
        "id": "7",
        "outputs": [{"name": "a", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]}],
    }


def test_binary_answer() -> None:
    array = np.array([[1, 2]], ">f4")
    response = encoded(array, binary=True)
    text, data = response.parts
    assert response.headers == {
        "Content-Type": "application/octet-stream",
        HEADER_LENGTH: str(len(text)),
    }
    assert json.loads(bytes(text))["outputs"] == [
        {
            "name": "a",
            "datatype": "FP32",
            "shape": [1, 2],
            "parameters": {"binary_data_size": 8},
        }
    ]
    assert bytes(data) == array.astype("<f4").tobytes()


def test_binary_data_is_not_copied() -> None:
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    data = encoded(array, binary=True).parts[1]
    assert np.shares_memory(array, np.frombuffer(data, np.uint8))


def test_no_id_where_none_was_given() -> None:
    response = encode_response("m", "1", None, {}, [])
    assert json.loads(bytes(response.parts[0])) == {
        "model_name": "m",
        "model_version": "1",
        "outputs": [],
    }


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_json_cannot_say_nan(value: float) -> None:
    array = np.array([value], "f4")
    with pytest.raises(RequestError, match="binary_data"):
        encoded(array, binary=False)
    assert bytes(encoded(array, binary=True).parts[1]) == array.tobytes()


def test_json_cannot_say_arbitrary_bytes() -> None:
    with pytest.raises(RequestError, match="UTF-8"):
        encoded(np.array([b"\xff"], object), binary=False)


def test_all_outputs_where_none_is_named() -> None:
    assert chosen_outputs(asking(binary=True), SPECS) == (
        RequestedOutput("a", binary=True),
        RequestedOutput("b", binary=True),
    )


def test_named_outputs_in_the_order_asked() -> None:
    wanted = (RequestedOutput("b", binary=True), RequestedOutput("a", binary=False))
    assert chosen_outputs(asking(*wanted), SPECS) == wanted


def test_unknown_output() -> None:
    with pytest.raises(RequestError, match="no output 'c'; it has a, b"):
        chosen_outputs(asking(RequestedOutput("c", binary=True)), SPECS)


def test_model_metadata() -> None:
    assert model_metadata("m", "1", "p", SPECS[:1], SPECS[1:]) == {
        "name": "m",
        "versions": ["1"],
        "platform": "p",
        "inputs": [{"name": "a", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{"name": "b", "datatype": "INT64", "shape": [-1]}],
    }
