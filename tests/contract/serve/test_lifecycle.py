"""How a server begins and ends, as kubelet and operator see it."""

import json
import os
import socket
from typing import Any

import httpx
import numpy as np
import pytest

from perigee_api.termination import EXIT_STATUS, TerminationReason

X = np.array([[1, 2], [3, 4]], "f4")
BODY = json.dumps(
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
).encode()


def infer(server: Any) -> httpx.Response:
    return httpx.post(f"http://{server.address}/v2/models/m/infer", content=BODY, timeout=60)


def test_golden_set_passes(serve: Any, artifacts: Any) -> None:
    server = serve(artifacts.model(), golden=artifacts.golden(in_x=X, out_y=-X))
    assert server.metric('perigee_serve_golden_passed{metric="agreement"}') == 1
    assert server.metric('perigee_serve_golden_value{metric="agreement"}') == 1
    assert server.metric("perigee_serve_ready") == 1
    assert 'artifact="' in server.get("/metrics").text


def test_live_but_not_ready_while_loading(launch: Any, artifacts: Any) -> None:
    digest = artifacts.model()
    path = artifacts.directory / digest
    content = path.read_bytes()
    path.unlink()
    # Opening a pipe blocks until somebody writes: loading takes as long as this test likes.
    os.mkfifo(path)
    server = launch(digest)
    server.port = server.await_event("listening")["port"]
    assert server.get("/v2/health/live").status_code == 200
    assert server.get("/v2/health/ready").status_code == 503
    assert server.get("/v2/models/m/ready").status_code == 503
    assert server.get("/v2/models/m").status_code == 503
    response = infer(server)
    assert response.status_code == 503
    assert "Loading" in response.json()["error"]
    assert int(response.headers["Retry-After"]) >= 1
    with path.open("wb") as pipe:
        path.unlink()
        path.write_bytes(content)
        pipe.write(content)
    server.await_event("ready")
    assert infer(server).status_code == 200


@pytest.mark.parametrize("metric", ["agreement", "maxAbsoluteError"])
def test_golden_set_fails(launch: Any, artifacts: Any, metric: str) -> None:
    golden = artifacts.golden(in_x=X, out_y=X)
    server = launch(artifacts.model(), golden=golden, golden_metric=metric, golden_threshold=0.5)
    assert server.exit_status() == EXIT_STATUS[TerminationReason.GOLDEN_SET_FAILED]
    termination = server.termination()
    assert termination["reason"] == TerminationReason.GOLDEN_SET_FAILED
    assert f"{metric} is " in termination["message"]


def test_damaged_weights_that_still_load(launch: Any, artifacts: Any) -> None:
    golden = artifacts.golden(in_x=X, out_y=-X)
    server = launch(artifacts.model((("Identity", "x", "y"),)), golden=golden)
    assert server.exit_status() == EXIT_STATUS[TerminationReason.GOLDEN_SET_FAILED]


def test_truncated_model(launch: Any, artifacts: Any) -> None:
    content = (artifacts.directory / artifacts.model()).read_bytes()
    server = launch(artifacts.put(content[: len(content) // 2]))
    assert server.exit_status() == EXIT_STATUS[TerminationReason.MODEL_UNREADABLE]
    assert server.termination()["reason"] == TerminationReason.MODEL_UNREADABLE


def test_wrong_file_under_a_right_name(launch: Any, artifacts: Any) -> None:
    digest, other = artifacts.model(), artifacts.model((("Abs", "x", "y"),))
    (artifacts.directory / other).rename(artifacts.directory / digest)
    server = launch(digest)
    assert server.exit_status() == EXIT_STATUS[TerminationReason.ARTIFACT_MISSING]
    assert other in server.termination()["message"]


def test_missing_artifact(launch: Any) -> None:
    server = launch("0" * 64)
    assert server.exit_status() == EXIT_STATUS[TerminationReason.ARTIFACT_MISSING]
    assert "0" * 64 in server.termination()["message"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads is 0"),
        ({"engine": "abacus"}, "no engine 'abacus'"),
        ({"golden": "xyz"}, "golden.sha256 is 'xyz'"),
        ({"host": "203.0.113.1"}, "cannot listen on 203.0.113.1"),
    ],
)
def test_invalid_configuration(
    launch: Any, artifacts: Any, options: dict[str, Any], message: str
) -> None:
    server = launch(artifacts.model(), **options)
    assert server.exit_status() == EXIT_STATUS[TerminationReason.CONFIGURATION_INVALID]
    assert message in server.termination()["message"]


def test_drains_at_sigterm(serve: Any, artifacts: Any) -> None:
    server = serve(artifacts.model(), drain_s=600)
    with httpx.Client(base_url=f"http://{server.address}", timeout=60) as kept:
        assert kept.post("/v2/models/m/infer", content=BODY).headers.get("Connection") is None
        server.terminate()
        server.await_event("draining")
        assert server.get("/v2/health/ready").status_code == 503
        assert server.get("/v2/models/m/ready").status_code == 503
        assert server.get("/v2/health/live").status_code == 200
        # Endpoints lag behind: old connections and new ones are still answered.
        response = kept.post("/v2/models/m/infer", content=BODY)
        assert response.status_code == 200
        assert response.headers["Connection"] == "close"
        assert infer(server).status_code == 200
    server.terminate()
    assert server.exit_status() == 0


def test_exits_once_drained(serve: Any, artifacts: Any) -> None:
    server = serve(artifacts.model(), drain_s=0.2)
    server.terminate()
    assert server.exit_status() == 0
    assert "stopped" in server.lines[-1]


def test_finishes_what_has_begun(serve: Any, artifacts: Any) -> None:
    server = serve(artifacts.model(), drain_s=0)
    head = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(head + BODY[:20])
        # Answered in order: once this is, the server has seen what came before.
        assert server.get("/v2/health/live").status_code == 200
        server.terminate()
        server.await_event("draining")
        connection.sendall(BODY[20:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert server.exit_status() == 0
