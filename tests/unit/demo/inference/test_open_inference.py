import json

import httpx
import numpy as np
import pytest
from tritonclient.http import InferenceServerClient

from perigee_demo.inference.open_inference import (
    HEADER_LENGTH,
    UnexpectedAnswerError,
    decode,
    encode,
)

LOGITS = np.arange(3 * 4 * 4, dtype="<f4").reshape(1, 3, 4, 4)


def answer(
    changes: dict[str, object] | None = None, body: bytes | None = None
) -> tuple[str, bytes]:
    """A header's length and a body."""
    output = {
        "name": "output",
        "datatype": "FP32",
        "shape": [1, 3, 4, 4],
        "parameters": {"binary_data_size": LOGITS.nbytes},
    }
    header = json.dumps(
        {"model_name": "cloud-mask", "model_version": "abc", "outputs": [output | (changes or {})]}
    ).encode()
    return str(len(header)), header + (LOGITS.tobytes() if body is None else body)


def test_a_request_is_a_header_and_the_bytes() -> None:
    tiles = np.random.default_rng(0).random((2, 4, 8, 8), dtype=np.float32)
    request = encode("cloud-mask", tiles)
    length = int(request.headers[HEADER_LENGTH])
    header = json.loads(request.body[:length])
    assert request.path == "/v2/models/cloud-mask/infer"
    assert header["inputs"] == [
        {
            "name": "input",
            "shape": [2, 4, 8, 8],
            "datatype": "FP32",
            "parameters": {"binary_data_size": tiles.nbytes},
        }
    ]
    assert header["outputs"] == [{"name": "output", "parameters": {"binary_data": True}}]
    np.testing.assert_array_equal(
        np.frombuffer(request.body[length:], dtype="<f4").reshape(tiles.shape), tiles
    )


def test_tiles_that_do_not_lie_in_one_piece_are_sent_in_order() -> None:
    tiles = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4).transpose(0, 1, 3, 2)
    request = encode("m", tiles)
    values = np.frombuffer(request.body[int(request.headers[HEADER_LENGTH]) :], dtype="<f4")
    np.testing.assert_array_equal(values, tiles.ravel())


def test_an_answer_is_read() -> None:
    length, body = answer()
    read = decode(httpx.Headers({HEADER_LENGTH.lower(): length}), body)
    assert (read.model, read.revision) == ("cloud-mask", "abc")
    np.testing.assert_array_equal(read.output, LOGITS)
    # Triton's own client reads the same from it.
    other = InferenceServerClient.parse_response_body(body, header_length=int(length))
    np.testing.assert_array_equal(other.as_numpy("output"), LOGITS)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, answer()[1]),
        ({HEADER_LENGTH: "ten"}, answer()[1]),
        ({HEADER_LENGTH: "3"}, answer()[1]),
        ({HEADER_LENGTH: "2"}, b"{}"),
        ({HEADER_LENGTH: "2"}, b"[]"),
        ({HEADER_LENGTH: answer()[0]}, answer(body=b"too short")[1]),
        ({HEADER_LENGTH: answer()[0]}, answer(body=LOGITS.tobytes()[:-4])[1]),
        ({HEADER_LENGTH: answer({"name": "other"})[0]}, answer({"name": "other"})[1]),
        ({HEADER_LENGTH: answer({"datatype": "FP16"})[0]}, answer({"datatype": "FP16"})[1]),
    ],
    ids=["no header", "no number", "cut", "empty", "list", "bytes", "short", "name", "datatype"],
)
def test_anything_else_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError):
        decode(httpx.Headers(headers), body)
