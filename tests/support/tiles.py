"""Tiles of 4 x 256 x 256 float32, a network for them, and a client that sends one to a server."""

import http.client
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import numpy as np

from perigee_edge.serve.protocol.request import HEADER_LENGTH

TILE = np.random.default_rng(0).random((1, 4, 256, 256), dtype=np.float32)


def cloud_mask() -> Path:
    """The network that the package ukis-csmask carries."""
    package = importlib.util.find_spec("ukis_csmask")
    if package is None or package.origin is None:
        raise SystemExit("the package ukis-csmask is missing; `make setup` installs it")
    return Path(package.origin).with_name("model_4b_l1c.onnx")


def ready_port(process: Popen[str]) -> int:
    """Waits until a server is ready, by its log; its port."""
    if process.stderr is None:
        raise SystemExit("the server has no log")
    port = 0
    for line in process.stderr:
        event = json.loads(line)
        port = event.get("port", port)
        if event["event"] == "ready":
            break
    return port


def client(port: int) -> Callable[[], None]:
    """Sends one tile over a connection of its own, and reads the answer."""
    tensor = {
        "name": "input",
        "datatype": "FP32",
        "shape": TILE.shape,
        "parameters": {"binary_data_size": TILE.nbytes},
    }
    text = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    body = text + TILE.tobytes()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def infer() -> None:
        connection.request("POST", "/v2/models/m/infer", body, {HEADER_LENGTH: str(len(text))})
        response = connection.getresponse()
        response.read()
        if response.status != http.client.OK:
            raise SystemExit(f"the server answers {response.status}")

    return infer
