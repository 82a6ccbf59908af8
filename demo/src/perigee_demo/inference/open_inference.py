"""The Open Inference Protocol v2 over HTTP with binary tensors, as a client speaks it.

A body is a JSON header followed by the raw bytes of the tensors; the header ``
Inference-Header-Content-Length`` says where they begin.
https://github.com/kserve/open-inference-protocol and Triton's binary tensor data extension.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perigee_demo.artifacts.network import INPUT, OUTPUT

HEADER_LENGTH: Final = "Inference-Header-Content-Length"


class UnexpectedAnswerError(Exception):
    """An answer that is not what the protocol or the model promises."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered."""

    model: str
    revision: str
    output: NDArray[np.float32]


def encode(model: str, tiles: NDArray[np.float32]) -> Request:
    """Asks a model for its output as a binary tensor.

    Args:
        model: its name.
        tiles: ``[n, bands, rows, columns]``.
    """
    values = np.ascontiguousarray(tiles, dtype="<f4").tobytes()
    header = json.dumps(
        {
            "inputs": [
                {
                    "name": INPUT,
                    "shape": list(tiles.shape),
                    "datatype": "FP32",
                    "parameters": {"binary_data_size": len(values)},
                }
            ],
            "outputs": [{"name": OUTPUT, "parameters": {"binary_data": True}}],
        },
        separators=(",", ":"),
    ).encode()
    headers = {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(header))}
    return Request(f"/v2/models/{model}/infer", headers, header + values)


def decode(headers: Mapping[str, str], body: bytes) -> Answer:
    """Reads the answer to `encode`.

    Args:
        headers: of the HTTP response, looked up without regard to case.
        body: of the HTTP response.

    Raises:
        UnexpectedAnswerError: it is no such answer.
    """
    try:
        length = int(headers[HEADER_LENGTH])
        header = json.loads(body[:length])
        (output,) = header["outputs"]
        shape = tuple(output["shape"])
        if output["name"] != OUTPUT or output["datatype"] != "FP32":
            raise UnexpectedAnswerError(
                f"asked for {OUTPUT} as FP32, got {output['name']} as {output['datatype']}"
            )
        values = np.frombuffer(body[length:], dtype="<f4").astype(np.float32).reshape(shape)
        return Answer(header["model_name"], header["model_version"], values)
    except (KeyError, TypeError, ValueError) as error:
        raise UnexpectedAnswerError(
            f"no answer of the Open Inference Protocol: {error!r}"
        ) from error
