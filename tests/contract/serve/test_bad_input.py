"""What no client should send, over a plain socket where no client would."""

import gzip
import json
import socket
import struct
from typing import Any

import httpx
import pytest

GOOD = json.dumps(
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
).encode()


@pytest.fixture(scope="module")
def server(shared_serve: Any, shared_artifacts: Any) -> Any:
    return shared_serve(
        shared_artifacts.model(),
        "--refuse-non-finite",
        max_body_bytes=4000,
        max_json_bytes=2000,
        body_timeout_s=0.2,
    )


def post(server: Any, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(
        f"http://{server.address}/v2/models/m/infer", content=body, headers=headers, timeout=60
    )


def binary(size: int, data: bytes, **fields: Any) -> tuple[bytes, dict[str, str]]:
    tensor = {
        "name": "x",
        "datatype": "FP32",
        "shape": [1, 2],
        "parameters": {"binary_data_size": size},
        **fields,
    }
    header = json.dumps({"inputs": [tensor]}).encode()
    return header + data, {"Inference-Header-Content-Length": str(len(header))}


def test_good_request(server: Any) -> None:
    response = post(server, GOOD)
    assert response.status_code == 200
    assert response.json()["outputs"][0]["data"] == [-1, -2]


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        (b"", {}, 400, "not JSON"),
        (b"\x00\xff", {}, 400, "not JSON"),
        (b"[" * 1999, {}, 400, "nested too deeply"),
        (b"{}", {}, 400, "'x' is missing"),
        (b"{}", {"Inference-Header-Content-Length": "-5"}, 400, "must be a number"),
        (*binary(8, struct.pack("<f", 1)), 400, "4 bytes of the body are left"),
        (*binary(8, struct.pack("<3f", 1, 2, 3)), 400, "4 bytes are left over"),
        (*binary(8, struct.pack("<2f", 1, float("nan"))), 400, "NaN"),
        (*binary(8, b"\0" * 8, shape=[2, 2]), 400, "takes 16 bytes"),
        (*binary(8, b"\0" * 8, shape=[2**39, 2]), 400, "takes 4398046511104 bytes"),
        (*binary(8, b"\0" * 8, shape=[-1, 2]), 400, "no length of an axis"),
        (*binary(0, b"", shape=[0, 2]), 400, "axis 0 counts samples"),
        (b" " * 2001, {}, 413, "binary data"),
        (b" " * 4001, {}, 413, "4000 bytes allowed"),
        (gzip.compress(b" " * 100_000), {"Content-Encoding": "gzip"}, 413, "4000 bytes"),
        (b"{}", {"Content-Encoding": "gzip"}, 400, "not gzip"),
        (b"{}", {"Content-Encoding": "br"}, 415, "'br' is not supported"),
    ],
)
def test_refused(
    server: Any, body: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    response = post(server, body, headers)
    assert response.status_code == status
    assert message in response.json()["error"]
    assert server.metric(f'perigee_serve_requests_total{{code="{status}"}}') >= 1
    assert post(server, GOOD).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/m/versions/r2", 404),
        ("GET", "/v2/models/m/infer", 405),
        ("POST", "/v2/models/other/infer", 404),
        ("POST", "/v2/models/m/versions/r2/infer", 404),
    ],
)
def test_paths_that_lead_nowhere(server: Any, method: str, path: str, status: int) -> None:
    response = httpx.request(method, f"http://{server.address}{path}", timeout=60)
    assert response.status_code == status
    assert isinstance(response.json()["error"], str)


def exchange(server: Any, *parts: bytes) -> bytes:
    """What the server says to these bytes, until it closes or the answer is complete."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
            if answer.endswith(b"}"):
                break
    return answer


def test_too_large_is_said_before_the_body_is_sent(server: Any) -> None:
    request = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"
    assert exchange(server, request).startswith(b"HTTP/1.1 413 ")


def test_chunks_without_a_length_are_counted(server: Any) -> None:
    request = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"7d0\r\n" + b" " * 2000 + b"\r\n"
    assert exchange(server, request, chunk * 3).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_never_ends(server: Any) -> None:
    request = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    assert exchange(server, request).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_goes_away_in_the_middle(server: Any) -> None:
    request = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
    server.await_metric('perigee_serve_requests_total{code="499"}', 1)
    assert post(server, GOOD).status_code == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0" * 1000,
    ],
)
def test_bytes_that_are_no_http(server: Any, garbage: bytes) -> None:
    assert exchange(server, garbage).startswith(b"HTTP/1.1 400 ")
    assert post(server, GOOD).status_code == 200
