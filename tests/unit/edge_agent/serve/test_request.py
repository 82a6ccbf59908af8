import json
import struct
from http import HTTPStatus
from typing import Any

import numpy as np
import pytest

from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.protocol.request import RequestedOutput, decode_request
from perigee_edge.serve.tensors import Datatype

LIMIT = 1 << 20


def body(document: Any, *binary: bytes) -> tuple[bytes, str | None]:
    text = json.dumps(document).encode()
    return text + b"".join(binary), str(len(text)) if binary else None


def tensor(**fields: Any) -> dict[str, Any]:
    return {"name": "x", "datatype": "FP32", "shape": [2], **fields}


def sized(size: Any, **fields: Any) -> dict[str, Any]:
    return tensor(parameters={"binary_data_size": size}, **fields)


def inputs(*tensors: Any) -> dict[str, Any]:
    return {"inputs": list(tensors)}


def test_binary_inputs_come_in_the_order_of_the_json() -> None:
    first, second = np.array([1, 2], "<f4"), np.array([[3], [4], [5]], "<i2")
    request = decode_request(
        *body(
            inputs(sized(8), sized(6, name="y", datatype="INT16", shape=[3, 1])),
            first.tobytes(),
            second.tobytes(),
        ),
        LIMIT,
    )
    np.testing.assert_array_equal(request.inputs["x"], first)
    np.testing.assert_array_equal(request.inputs["y"], second)


def test_binary_and_json_inputs_mix() -> None:
    request = decode_request(
        *body(inputs(tensor(name="j", data=[7, 8]), sized(8)), struct.pack("<2f", 1, 2)), LIMIT
    )
    np.testing.assert_array_equal(request.inputs["j"], [7, 8])
    np.testing.assert_array_equal(request.inputs["x"], [1, 2])


def test_fixed_size_elements_are_not_copied() -> None:
    data, header = body(inputs(sized(8)), struct.pack("<2f", 1, 2))
    buffer = bytearray(data)
    request = decode_request(buffer, header, LIMIT)
    assert np.shares_memory(request.inputs["x"], np.frombuffer(buffer, np.uint8))


@pytest.mark.parametrize(
    ("document", "outputs", "binary_output"),
    [
        ({}, (), False),
        ({"parameters": {"binary_data_output": True}}, (), True),
        ({"outputs": [{"name": "a"}]}, (RequestedOutput("a", binary=False),), False),
        (
            {
                "parameters": {"binary_data_output": True},
                "outputs": [
                    {"name": "a"},
                    {"name": "b", "parameters": {"binary_data": False}},
                ],
            },
            (RequestedOutput("a", binary=True), RequestedOutput("b", binary=False)),
            True,
        ),
    ],
)
def test_form_of_outputs(
    document: dict[str, Any], outputs: tuple[RequestedOutput, ...], *, binary_output: bool
) -> None:
    request = decode_request(*body(document), LIMIT)
    assert (request.outputs, request.binary_output) == (outputs, binary_output)


@pytest.mark.parametrize(
    ("datatype", "data", "shape", "expected"),
    [
        ("BOOL", [True, False], [2], np.array([True, False])),
        ("UINT8", [0, 255], [2], np.array([0, 255], "u1")),
        ("INT64", [-(2**63), 2**63 - 1], [2], np.array([-(2**63), 2**63 - 1], "i8")),
        ("UINT64", [2**64 - 1], [1], np.array([2**64 - 1], "u8")),
        ("FP16", [1, 0.5], [2], np.array([1, 0.5], "f2")),
        ("FP32", [[1, 2], [3, 4]], [2, 2], np.array([[1, 2], [3, 4]], "f4")),
        ("FP32", [1, 2, 3, 4], [2, 2], np.array([[1, 2], [3, 4]], "f4")),
        ("FP64", [1e300], [1], np.array([1e300])),
        ("FP32", [5], [], np.array(5, "f4")),
        ("FP32", [], [0, 3], np.empty((0, 3), "f4")),
        ("BYTES", ["é", ""], [2], np.array(["é".encode(), b""], object)),
    ],
)
def test_json_data(datatype: str, data: list[Any], shape: list[int], expected: Any) -> None:
    document = inputs(tensor(datatype=datatype, data=data, shape=shape))
    array = decode_request(*body(document), LIMIT).inputs["x"]
    assert array.dtype == Datatype(datatype).dtype
    assert array.shape == expected.shape
    np.testing.assert_array_equal(array, expected)


def test_nan_in_json_is_a_value() -> None:
    array = decode_request(*body(inputs(tensor(data=[float("nan"), 1.0]))), LIMIT).inputs["x"]
    assert np.isnan(array[0])


@pytest.mark.parametrize(
    ("data", "header_length", "message"),
    [
        (b"", None, "not JSON"),
        (b"{", None, "not JSON"),
        (b"\xff\xfe", None, "not JSON"),
        (b"[" * 100_000, None, "nested too deeply"),
        (b"1" * 5000, None, "not JSON"),
        (b"[]", None, "must be a JSON object"),
        (b"{}", "3", "the body has 2 bytes"),
        (b"{}", "-1", "must be a number"),
        (b"{}", "+2", "must be a number"),
        (b"{}", "1_0", "must be a number"),
        (b"{}", "٢", "must be a number"),
        (b"{}", "2" * 30, "must be a number"),
        (b"{}", "", "must be a number"),
        (b"{}", "0", "not JSON"),
        (b"{}abc", "2", "3 bytes are left over"),
    ],
)
def test_bodies_that_are_refused(data: bytes, header_length: str | None, message: str) -> None:
    with pytest.raises(RequestError, match=message) as refusal:
        decode_request(data, header_length, LIMIT)
    assert refusal.value.status is HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"id": 1}, "id must be a string"),
        ({"inputs": {}}, "inputs must be a list"),
        ({"outputs": "a"}, "outputs must be a list"),
        ({"parameters": []}, "parameters must be a JSON object"),
        ({"parameters": {"binary_data_output": 1}}, "must be true or false"),
        ({"outputs": [{"name": "a"}, {"name": "a"}]}, "asked for twice"),
        ({"outputs": [{}]}, r"outputs\[0\]: name must be a string"),
        (
            {"outputs": [{"name": "a", "parameters": {"classification": 3}}]},
            "classification is not supported",
        ),
        (inputs(1), r"inputs\[0\] must be a JSON object"),
        (inputs(tensor(name="")), "name must be a string"),
        (inputs(tensor(data=[1, 2]), tensor(data=[1, 2])), "'x' is given twice"),
        (inputs(tensor(datatype="BF16")), "datatype 'BF16' is not supported"),
        (inputs(tensor(datatype=["FP32"])), "datatype list is not supported"),
        (inputs(tensor(shape=None)), "shape must be a list"),
        (inputs(tensor(shape=[1] * 33, data=[1])), "at most 32"),
        (inputs(tensor(shape=[-1])), "-1 is no length"),
        (inputs(tensor(shape=[True])), "True is no length"),
        (inputs(tensor(shape=[2.0])), "2.0 is no length"),
        (inputs(tensor(shape=[2**70])), "is no length"),
        (inputs(tensor(shape=[2**30, 2**30])), "more than"),
        (inputs(tensor(shape=[0, 2**30, 2**30])), "more than"),
        (inputs(tensor(shape=[2**39], data=[1])), "has 549755813888 elements"),
        (inputs(tensor()), "data must be a list, not None"),
        (inputs(tensor(data=[1])), "has 2 elements, but data has 1"),
        (inputs(tensor(data=["a", "b"])), "'a', which is no FP32"),
        (inputs(tensor(data=[1, None])), "None, which is no FP32"),
        (inputs(tensor(data=[1, True])), "True, which is no FP32"),
        (inputs(tensor(data=[1e39, 1])), "is no FP32"),
        (inputs(tensor(data=[10**400, 1])), "is no FP32"),
        (inputs(tensor(datatype="UINT8", data=[256, 0])), "is no UINT8"),
        (inputs(tensor(datatype="UINT8", data=[-1, 0])), "is no UINT8"),
        (inputs(tensor(datatype="INT32", data=[0.5, 0])), "0.5, which is no INT32"),
        (inputs(tensor(datatype="BOOL", data=[0, 1])), "0, which is no BOOL"),
        (inputs(tensor(datatype="BYTES", data=["\ud800", ""])), "is no BYTES"),
        (inputs(tensor(data=[[1, 2]])), "not nested as shape"),
        (inputs(tensor(shape=[2, 2], data=[[1, 2, 3], [4]])), "not nested as shape"),
        (inputs(tensor(shape=[2, 2], data=[[1, 2], 3])), "not nested as shape"),
        (inputs(tensor(shape=[], data=[[1]])), "list, which is no FP32"),
        (inputs(sized(8)), "0 bytes of the body are left"),
        (inputs(sized(8, data=[1, 2])), "both data and binary_data_size"),
        (inputs(sized(-1)), "must be a number of bytes"),
        (inputs(sized(size=True)), "must be a number of bytes"),
        (inputs(sized("8")), "must be a number of bytes"),
        (
            inputs(tensor(parameters={"shared_memory_region": "r"})),
            "shared_memory_region is not supported",
        ),
    ],
)
def test_requests_that_are_refused(document: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message) as refusal:
        decode_request(*body(document), LIMIT)
    assert refusal.value.status is HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    ("entry", "binary", "message"),
    [
        (sized(8), b"1234567", "7 bytes of the body are left"),
        (sized(4), b"1234", "takes 8 bytes, but binary_data_size is 4"),
        (sized(8), b"123456789", "1 bytes are left over"),
        (sized(2, datatype="BOOL"), b"\x00\x02", "BOOL must be 0 or 1"),
        (sized(7, datatype="BYTES"), b"\0" * 7, "cannot hold 2 elements"),
        (sized(9, datatype="BYTES"), struct.pack("<I5s", 2, b"abcde"), "ends within element 1"),
        (sized(8, datatype="BYTES"), struct.pack("<II", 0, 9), "ends within element 1"),
        (sized(9, datatype="BYTES"), struct.pack("<IIc", 0, 0, b"x"), "left over after 2"),
        (
            sized(8, datatype="BYTES", shape=[2**40]),
            b"\0" * 8,
            "cannot hold 1099511627776 elements",
        ),
    ],
)
def test_binary_data_that_is_refused(entry: Any, binary: bytes, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        decode_request(*body(inputs(entry), binary), LIMIT)


def test_too_much_json_is_413() -> None:
    with pytest.raises(RequestError, match="binary data") as refusal:
        decode_request(b" " * 101, None, 100)
    assert refusal.value.status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_binary_data_does_not_count_as_json() -> None:
    data, header = body(inputs(sized(8)), b"\0" * 8)
    assert decode_request(data, header, len(data) - 8).inputs["x"].shape == (2,)


def test_messages_stay_short_whatever_is_sent() -> None:
    with pytest.raises(RequestError) as refusal:
        decode_request(*body(inputs(tensor(name="n" * 10_000, datatype="t" * 10_000))), LIMIT)
    assert len(refusal.value.message) < 400
