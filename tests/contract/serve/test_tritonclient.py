"""An unmodified Triton client."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from onnx import TensorProto
from tritonclient.utils import InferenceServerException

X = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture(scope="module")
def server(shared_serve: Any, shared_artifacts: Any) -> Any:
    return shared_serve(shared_artifacts.model((("Neg", "x", "y"), ("Abs", "u", "v"))))


@pytest.fixture
def client(server: Any) -> Iterator[Any]:
    with triton.InferenceServerClient(server.address) as made:
        yield made


def tensor(name: str, array: Any, datatype: str = "FP32", *, binary: bool = True) -> Any:
    made = triton.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def both(*, binary: bool = True) -> list[Any]:
    return [tensor("x", X, binary=binary), tensor("u", -X, binary=binary)]


def test_health_and_metadata(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("m")
    assert client.is_model_ready("m", "r1")
    assert not client.is_model_ready("m", "r2")
    assert not client.is_model_ready("other")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("m", "r1")
    assert metadata["versions"] == ["r1"]
    assert metadata["inputs"][0] == {"name": "x", "datatype": "FP32", "shape": [-1, 2]}
    assert [each["name"] for each in metadata["outputs"]] == ["y", "v"]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_json_and_binary(client: Any, *, binary_in: bool, binary_out: bool) -> None:
    wanted = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in ("v", "y")]
    result = client.infer("m", both(binary=binary_in), "r1", outputs=wanted, request_id="7")
    np.testing.assert_array_equal(result.as_numpy("y"), -X)
    np.testing.assert_array_equal(result.as_numpy("v"), X)
    response = result.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("7", "m", "r1")


def test_all_outputs_by_default(client: Any) -> None:
    result = client.infer("m", both())
    np.testing.assert_array_equal(result.as_numpy("y"), -X)
    np.testing.assert_array_equal(result.as_numpy("v"), X)


def test_only_the_outputs_asked_for(client: Any) -> None:
    result = client.infer("m", both(), outputs=[triton.InferRequestedOutput("y")])
    assert result.as_numpy("v") is None


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compression(client: Any, algorithm: str) -> None:
    result = client.infer(
        "m",
        both(),
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    np.testing.assert_array_equal(result.as_numpy("y"), -X)


@pytest.mark.parametrize(
    ("address", "inputs", "status", "message"),
    [
        (("other", ""), both(), "404", "no model 'other'"),
        (("m", "r2"), both(), "404", "no version 'r2'"),
        (("m", ""), both()[:1], "400", "'u' is missing"),
        (("m", ""), [*both(), tensor("z", X)], "400", "no input 'z'"),
        (("m", ""), [tensor("x", X[:, :1]), tensor("u", X)], "400", "must have shape"),
        (("m", ""), [tensor("x", X.astype("f8"), "FP64"), tensor("u", X)], "400", "FP32"),
        (("m", ""), [tensor("x", X), tensor("u", X[:1])], "400", "axis 0 counts samples"),
    ],
)
def test_errors(
    client: Any, address: tuple[str, str], inputs: Any, status: str, message: str
) -> None:
    model, version = address
    with pytest.raises(InferenceServerException, match=message) as refusal:
        client.infer(model, inputs, version)
    assert refusal.value.status() == status


def test_many_at_once_each_get_their_own(server: Any) -> None:
    def asked(number: int) -> Any:
        array = np.full((1 + number % 5, 2), number, np.float32)
        with triton.InferenceServerClient(server.address) as client:
            result = client.infer("m", [tensor("x", array), tensor("u", array)])
        # The client's greenlets belong to the thread that made them.
        gc.collect()
        return array, result.as_numpy("y")

    with ThreadPoolExecutor(8) as threads:
        for array, answer in threads.map(asked, range(200)):
            np.testing.assert_array_equal(answer, -array)


@pytest.mark.parametrize("binary", [True, False])
def test_strings(serve: Any, artifacts: Any, *, binary: bool) -> None:
    server = serve(artifacts.model((("Identity", "x", "y"),), TensorProto.STRING, shape=("n",)))
    words = np.array(["é".encode(), b"", b"a b"], dtype=object)
    with triton.InferenceServerClient(server.address) as client:
        result = client.infer(
            "m",
            [tensor("x", words, "BYTES", binary=binary)],
            outputs=[triton.InferRequestedOutput("y", binary_data=binary)],
        )
    expected = words if binary else [word.decode() for word in words]
    np.testing.assert_array_equal(result.as_numpy("y"), expected)


@pytest.mark.parametrize(
    ("element", "datatype", "dtype"),
    [
        (TensorProto.BOOL, "BOOL", np.bool_),
        (TensorProto.UINT8, "UINT8", np.uint8),
        (TensorProto.INT64, "INT64", np.int64),
        (TensorProto.FLOAT16, "FP16", np.float16),
        (TensorProto.DOUBLE, "FP64", np.float64),
    ],
)
def test_datatypes(serve: Any, artifacts: Any, element: int, datatype: str, dtype: Any) -> None:
    server = serve(artifacts.model((("Identity", "x", "y"),), element))
    array = np.array([[0, 1], [1, 1]], dtype)
    with triton.InferenceServerClient(server.address) as client:
        for binary in (True, False):
            result = client.infer("m", [tensor("x", array, datatype, binary=binary)])
            np.testing.assert_array_equal(result.as_numpy("y"), array)
            assert result.as_numpy("y").dtype == dtype
