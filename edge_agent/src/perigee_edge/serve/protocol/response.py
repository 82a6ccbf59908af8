"""An inference response: from named arrays to headers and the parts of a body."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from perigee_edge.serve.protocol.byte_strings import encode_byte_strings
from perigee_edge.serve.protocol.errors import RequestError, shown
from perigee_edge.serve.protocol.json_data import encode_json_data
from perigee_edge.serve.protocol.request import HEADER_LENGTH, InferenceRequest, RequestedOutput
from perigee_edge.serve.tensors import Array, Datatype, Tensors, TensorSpec, datatype_of


@dataclass(frozen=True, slots=True)
class EncodedResponse:
    """What goes out: the parts one after the other are the body."""

    headers: dict[str, str]
    parts: tuple[bytes | memoryview, ...]


def chosen_outputs(
    request: InferenceRequest, specs: Sequence[TensorSpec]
) -> tuple[RequestedOutput, ...]:
    """The outputs to send: those asked for, or all of the model's.

    Raises:
        RequestError: The model has no output of that name.
    """
    names = [spec.name for spec in specs]
    for output in request.outputs:
        if output.name not in names:
            raise RequestError(
                f"the model has no output {shown(output.name)}; it has {', '.join(names)}"
            )
    return request.outputs or tuple(RequestedOutput(name, request.binary_output) for name in names)


def encode_response(
    model: str,
    version: str,
    request_id: str | None,
    outputs: Tensors,
    chosen: Sequence[RequestedOutput],
) -> EncodedResponse:
    """Write the outputs chosen; binary ones are views of the arrays where these allow it.

    Raises:
        RequestError: JSON cannot say what an output holds.
    """
    entries: list[dict[str, Any]] = []
    binary: list[bytes | memoryview] = []
    for output in chosen:
        array = outputs[output.name]
        entry: dict[str, Any] = {
            "name": output.name,
            "datatype": datatype_of(array),
            "shape": array.shape,
        }
        if output.binary:
            data = _binary_data(array)
            binary.append(data)
            entry["parameters"] = {"binary_data_size": len(data)}
        else:
            entry["data"] = encode_json_data(array, output.name)
        entries.append(entry)
    document: dict[str, Any] = {"model_name": model, "model_version": version}
    if request_id is not None:
        document["id"] = request_id
    document["outputs"] = entries
    text = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    if not binary:
        return EncodedResponse({"Content-Type": "application/json"}, (text,))
    headers = {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(text))}
    return EncodedResponse(headers, (text, *binary))


def _binary_data(array: Array) -> bytes | memoryview:
    datatype = datatype_of(array)
    if datatype is Datatype.BYTES:
        return encode_byte_strings(array)
    little_endian = np.ascontiguousarray(array, dtype=datatype.dtype)
    return little_endian.reshape(-1).view(np.uint8).data
