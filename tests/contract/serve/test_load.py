"""Too many at once: what is not taken is refused at once, and what is taken is answered."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

HEAD = (
    b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n"
)
LONG_MS = 10_000


def body(samples: int) -> bytes:
    tensor = {"name": "x", "datatype": "FP32", "shape": [samples, 2], "data": [1, 2] * samples}
    return json.dumps({"inputs": [tensor]}).encode()


BODY = body(1)


@contextmanager
def sent(server: Any, *parts: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        yield connection


def whole(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_full_queue(serve: Any, artifacts: Any) -> None:
    server = serve(artifacts.model(), max_batch_delay_ms=LONG_MS, max_batch_size=3, max_waiting=2)
    request = (HEAD % len(BODY), BODY)
    with ExitStack() as clients:
        first = clients.enter_context(sent(server, *request))
        with sent(server, *request):
            server.await_metric("perigee_serve_waiting_requests", 2)
            response = httpx.post(f"http://{server.address}/v2/models/m/infer", content=BODY)
            assert response.status_code == 429
            assert int(response.headers["Retry-After"]) >= 1
            assert "queue is full" in response.json()["error"]
        # A client that goes away makes room.
        server.await_metric("perigee_serve_waiting_requests", 1)
        assert server.metric('perigee_serve_requests_total{code="499"}') == 1
        # Two samples more fill the batch.
        two = body(2)
        second = clients.enter_context(sent(server, HEAD % len(two), two))
        assert whole(first).startswith(b"HTTP/1.1 200 ")
        assert whole(second).startswith(b"HTTP/1.1 200 ")
    assert server.metric("perigee_serve_batch_samples_sum") == 3
    assert server.metric("perigee_serve_batch_samples_count") == 1


def test_no_memory_for_bodies(serve: Any, artifacts: Any) -> None:
    held = 100
    server = serve(artifacts.model(), max_bodies_bytes=held + len(BODY) - 1)
    with sent(server, HEAD % 1000, b" " * held):
        while (
            response := httpx.post(f"http://{server.address}/v2/models/m/infer", content=BODY)
        ).status_code == 200:
            pass  # the held body has not arrived yet
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) >= 1
    server.await_metric('perigee_serve_requests_total{code="499"}', 1)
    response = httpx.post(f"http://{server.address}/v2/models/m/infer", content=BODY)
    assert response.status_code == 200
