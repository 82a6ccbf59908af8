"""An inference request: from the bytes of its body to named arrays."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import numpy as np

from perigee_edge.serve.protocol.byte_strings import decode_byte_strings
from perigee_edge.serve.protocol.errors import RequestError, shown
from perigee_edge.serve.protocol.json_data import decode_json_data
from perigee_edge.serve.tensors import Array, Datatype, Tensors

HEADER_LENGTH: Final = "Inference-Header-Content-Length"
"""HTTP header: length of the JSON before the binary tensors, bytes."""

MAX_RANK: Final = 32
MAX_ELEMENTS: Final = 1 << 40
"""Of a shape, its empty axes counted as one: numpy refuses what would not fit in 64 bits."""

_REFUSED_PARAMETERS: Final = ("shared_memory_region", "classification")
"""Extensions that would change the meaning of the answer; all others may be passed over."""


@dataclass(frozen=True, slots=True)
class RequestedOutput:
    """An output that the client wants, and in which form."""

    name: str
    binary: bool


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """What a client asks for."""

    id: str | None
    inputs: Tensors
    outputs: tuple[RequestedOutput, ...]
    """Empty: all of them."""
    binary_output: bool
    """The form of outputs that are not named."""


def decode_request(
    body: bytes | bytearray | memoryview, header_length: str | None, max_json_bytes: int
) -> InferenceRequest:
    """Read a request's body; arrays of fixed-size elements are views of it.

    Args:
        body: The whole body, decompressed.
        header_length: The value of `HEADER_LENGTH`; None if all of the body is JSON.
        max_json_bytes: JSON of a byte takes up to thirty bytes of memory once read.

    Raises:
        RequestError: The body is no request. Status 413 if its JSON is too long, otherwise 400.
    """
    view = memoryview(body)
    json_bytes = _json_length(header_length, len(view))
    if json_bytes > max_json_bytes:
        raise RequestError(
            f"the request's JSON has {json_bytes} bytes, more than the {max_json_bytes} allowed; "
            "send tensors as binary data",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    document = _object(_parsed(bytes(view[:json_bytes])), "the request")
    parameters = _parameters(document, "the request")
    binary_output = _flag(parameters, "binary_data_output", "the request", default=False)
    request_id = document.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise RequestError(f"id must be a string, not {shown(request_id)}")
    return InferenceRequest(
        id=request_id,
        inputs=_inputs(_list(document, "inputs"), view[json_bytes:]),
        outputs=_outputs(_list(document, "outputs"), default=binary_output),
        binary_output=binary_output,
    )


def _json_length(header_length: str | None, body_bytes: int) -> int:
    if header_length is None:
        return body_bytes
    # int() alone would take "+1", "1_0" and other scripts' digits.
    if not (header_length.isascii() and header_length.isdigit() and len(header_length) < 20):  # noqa: PLR2004  digits of 2**64
        raise RequestError(f"{HEADER_LENGTH} must be a number, not {shown(header_length)}")
    length = int(header_length)
    if length > body_bytes:
        raise RequestError(f"{HEADER_LENGTH} is {length}, but the body has {body_bytes} bytes")
    return length


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise RequestError("the request's JSON is nested too deeply") from error
    except ValueError as error:  # also: not Unicode, or an integer of thousands of digits
        raise RequestError(f"the request is not JSON: {error}") from error


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RequestError(f"{where} must be a JSON object, not {shown(value)}")
    return value


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key, [])
    if not isinstance(value, list):
        raise RequestError(f"{key} must be a list, not {shown(value)}")
    return value


def _parameters(owner: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    parameters = _object(owner.get("parameters", {}), f"{where}: parameters")
    for name in _REFUSED_PARAMETERS:
        if name in parameters:
            raise RequestError(f"{where}: {name} is not supported")
    return parameters


def _flag(parameters: Mapping[str, Any], name: str, where: str, *, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise RequestError(f"{where}: {name} must be true or false, not {shown(value)}")
    return value


def _name(tensor: Mapping[str, Any], where: str) -> str:
    name = tensor.get("name")
    if not isinstance(name, str) or not name:
        raise RequestError(f"{where}: name must be a string, not {shown(name)}")
    return name


def _outputs(entries: list[Any], *, default: bool) -> tuple[RequestedOutput, ...]:
    outputs: dict[str, RequestedOutput] = {}
    for index, entry in enumerate(entries):
        tensor = _object(entry, f"outputs[{index}]")
        name = _name(tensor, f"outputs[{index}]")
        where = f"output {shown(name)}"
        if name in outputs:
            raise RequestError(f"{where} is asked for twice")
        binary = _flag(_parameters(tensor, where), "binary_data", where, default=default)
        outputs[name] = RequestedOutput(name, binary)
    return tuple(outputs.values())


def _inputs(entries: list[Any], binary: memoryview) -> Tensors:
    inputs: dict[str, Array] = {}
    offset = 0
    for index, entry in enumerate(entries):
        tensor = _object(entry, f"inputs[{index}]")
        name = _name(tensor, f"inputs[{index}]")
        where = f"input {shown(name)}"
        if name in inputs:
            raise RequestError(f"{where} is given twice")
        inputs[name], used = _input(tensor, binary[offset:], where)
        offset += used
    if offset != len(binary):
        raise RequestError(
            f"{len(binary) - offset} bytes are left over after the binary data of all inputs"
        )
    return inputs


def _input(tensor: Mapping[str, Any], binary: memoryview, where: str) -> tuple[Array, int]:
    """The array, and how many bytes of `binary` it took."""
    datatype = _datatype(tensor.get("datatype"), where)
    shape = _shape(tensor.get("shape"), where)
    count = math.prod(shape)
    size = _parameters(tensor, where).get("binary_data_size")
    if size is None:
        return decode_json_data(tensor.get("data"), datatype, shape, count, where), 0
    if "data" in tensor:
        raise RequestError(f"{where} has both data and binary_data_size")
    if type(size) is not int or size < 0:
        raise RequestError(f"{where}: binary_data_size must be a number of bytes")
    if size > len(binary):
        raise RequestError(
            f"{where}: binary_data_size is {size}, but {len(binary)} bytes of the body are left"
        )
    return _binary_array(binary[:size], datatype, shape, count, where), size


def _binary_array(
    data: memoryview, datatype: Datatype, shape: tuple[int, ...], count: int, where: str
) -> Array:
    if datatype is Datatype.BYTES:
        return decode_byte_strings(data, count, where).reshape(shape)
    expected = count * datatype.dtype.itemsize
    if len(data) != expected:
        raise RequestError(
            f"{where}: shape {list(shape)} of {datatype} takes {expected} bytes, "
            f"but binary_data_size is {len(data)}"
        )
    if datatype is Datatype.BOOL and np.any(np.frombuffer(data, dtype=np.uint8) > 1):
        raise RequestError(f"{where}: a byte of BOOL must be 0 or 1")
    return np.frombuffer(data, dtype=datatype.dtype).reshape(shape)


def _datatype(value: Any, where: str) -> Datatype:
    try:
        return Datatype(value)
    except ValueError:
        raise RequestError(
            f"{where}: datatype {shown(value)} is not supported; there are {', '.join(Datatype)}"
        ) from None


def _shape(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MAX_RANK:
        raise RequestError(f"{where}: shape must be a list of at most {MAX_RANK} lengths")
    for length in value:
        if type(length) is not int or not 0 <= length <= MAX_ELEMENTS:
            raise RequestError(f"{where}: {shown(length)} is no length of an axis")
    if math.prod(max(length, 1) for length in value) > MAX_ELEMENTS:
        raise RequestError(f"{where}: the shape has more than {MAX_ELEMENTS} elements")
    return tuple(value)
