"""What holds for any tensor and for any bytes."""

import json
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.protocol.request import HEADER_LENGTH, RequestedOutput, decode_request
from perigee_edge.serve.protocol.response import encode_response
from perigee_edge.serve.tensors import Datatype

LIMIT = 1 << 24
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@st.composite
def arrays(draw: st.DrawFn, *, for_json: bool) -> npt.NDArray[Any]:
    datatype = draw(st.sampled_from(Datatype))
    shape = draw(SHAPES)
    if datatype is not Datatype.BYTES:
        allowed = None if not for_json else False
        elements = hnp.from_dtype(datatype.dtype, allow_nan=allowed, allow_infinity=allowed)
        return draw(hnp.arrays(datatype.dtype, shape, elements=elements))
    text = st.text().map(str.encode) if for_json else st.binary()
    array = np.empty(shape, object)
    count = array.size
    array.reshape(-1)[:] = draw(st.lists(text, min_size=count, max_size=count))
    return array


def sent_back(array: npt.NDArray[Any], *, binary: bool) -> npt.NDArray[Any]:
    """Outputs have the form of inputs, so what is encoded as an answer decodes as a request."""
    response = encode_response("m", "1", None, {"x": array}, [RequestedOutput("x", binary)])
    text, *data = response.parts
    document = json.loads(bytes(text))
    document["inputs"] = document.pop("outputs")
    request = json.dumps(document).encode()
    header_length = str(len(request)) if HEADER_LENGTH in response.headers else None
    return decode_request(request + b"".join(data), header_length, LIMIT).inputs["x"]


def assert_same(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> None:
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    np.testing.assert_array_equal(left, right)


@given(arrays(for_json=False))
def test_binary_round_trip(array: npt.NDArray[Any]) -> None:
    assert_same(sent_back(array, binary=True), array)


@given(arrays(for_json=True))
def test_json_round_trip(array: npt.NDArray[Any]) -> None:
    assert_same(sent_back(array, binary=False), array)


def decode_or_refuse(body: bytes, header_length: str | None) -> None:
    # Any other exception fails the test.
    with suppress(RequestError):
        decode_request(body, header_length, LIMIT)


@given(st.binary(max_size=200), st.none() | st.text(max_size=10) | st.integers(0, 300).map(str))
def test_any_bytes_decode_or_are_refused(body: bytes, header_length: str | None) -> None:
    decode_or_refuse(body, header_length)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
ALMOST_TENSORS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", "y"]) | JSON,
        "datatype": st.sampled_from(Datatype) | JSON,
        "shape": st.lists(st.integers(-1, 4), max_size=4) | JSON,
    },
    optional={
        "data": st.lists(st.integers(-1, 300) | st.floats() | st.text(max_size=3)) | JSON,
        "parameters": st.fixed_dictionaries(
            {}, optional={"binary_data_size": st.integers(-1, 64) | JSON, "binary_data": JSON}
        )
        | JSON,
    },
)
ALMOST_REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=5) | JSON,
        "inputs": st.lists(ALMOST_TENSORS, max_size=3) | JSON,
        "outputs": st.lists(ALMOST_TENSORS, max_size=3) | JSON,
        "parameters": st.fixed_dictionaries({}, optional={"binary_data_output": JSON}) | JSON,
    },
)


@given(ALMOST_REQUESTS, st.binary(max_size=64), st.integers(-3, 3))
def test_almost_requests_decode_or_are_refused(document: Any, binary: bytes, off: int) -> None:
    text = json.dumps(document).encode()
    decode_or_refuse(text + binary, str(max(0, len(text) + off)))
    decode_or_refuse(text, None)
