"""A real server process on loopback, and models small enough to be built here."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

START_TIMEOUT_S = 60


class Artifacts:
    """A satellite's artifact cache."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        (self.directory / digest).write_bytes(content)
        return digest

    def model(
        self,
        nodes: Sequence[tuple[str, str, str]] = (("Neg", "x", "y"),),
        element: int = TensorProto.FLOAT,
        shape: Sequence[Any] = ("n", 2),
    ) -> str:
        """Nodes are (operator, input, output); the model's inputs and outputs are all of these."""
        graph = helper.make_graph(
            [helper.make_node(operator, [source], [target]) for operator, source, target in nodes],
            "test",
            [helper.make_tensor_value_info(source, element, shape) for _, source, _ in nodes],
            [helper.make_tensor_value_info(target, element, shape) for *_, target in nodes],
        )
        opset = [helper.make_opsetid("", 17)]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=10)
        return self.put(model.SerializeToString())

    def golden(self, **arrays: Any) -> str:
        """Arrays by ``in_NAME`` and ``out_NAME``."""
        path = self.directory / "golden.npz"
        np.savez(path, **{name.replace("_", ".", 1): array for name, array in arrays.items()})
        return self.put(path.read_bytes())


class Server:
    """`serve` as a process."""

    def __init__(self, command: list[str], termination_log: Path) -> None:
        termination_log.touch()
        self._termination_log = termination_log
        self.process = subprocess.Popen(  # noqa: S603 - the command is this file's own
            command,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PERIGEE_SERVE_TERMINATION_LOG": str(termination_log)},
        )
        self._events: Queue[dict[str, Any] | None] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.lines: list[str] = []
        self.port = 0

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if line.startswith("{"):
                self._events.put(json.loads(line))
        self._events.put(None)

    def await_event(self, name: str) -> dict[str, Any]:
        """The next line of the log that says so."""
        while (event := self._events.get(timeout=START_TIMEOUT_S)) is not None:
            if event["event"] == name:
                return event
        raise AssertionError(f"the server ended before {name!r}:\n{''.join(self.lines)}")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", timeout=START_TIMEOUT_S)

    def metric(self, name: str) -> float:
        """The value of a sample, named with its labels."""
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name}")

    def await_metric(self, name: str, value: float) -> None:
        for _ in range(10_000):
            if self.metric(name) == value:
                return
        raise AssertionError(f"{name} never became {value}")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def exit_status(self) -> int:
        return self.process.wait(START_TIMEOUT_S)

    def termination(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._termination_log.read_text())
        return document

    def close(self) -> None:
        self.process.kill()
        self.process.wait(START_TIMEOUT_S)
        self._reader.join(START_TIMEOUT_S)
        assert self.process.stderr is not None
        self.process.stderr.close()


Launch = Callable[..., Server]


@contextmanager
def launching(artifacts: Artifacts, directory: Path) -> Iterator[Launch]:
    """Starts servers, not yet ready; options as on the command line, without dashes."""
    servers: list[Server] = []

    def start(artifact: str, *flags: str, **options: Any) -> Server:
        options = {
            "model": "m",
            "revision": "r1",
            "artifact": artifact,
            "artifact_directory": artifacts.directory,
            "host": "127.0.0.1",
            "port": 0,
            "drain_s": 0,
            **options,
        }
        given = [
            word
            for name, value in options.items()
            for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        command = [sys.executable, "-m", "perigee_edge.serve", *given, *flags]
        server = Server(command, directory / f"termination-{len(servers)}")
        servers.append(server)
        return server

    try:
        yield start
    finally:
        for server in servers:
            server.close()


def until_ready(launch: Launch) -> Launch:
    def start(artifact: str, *flags: str, **options: Any) -> Server:
        server = launch(artifact, *flags, **options)
        server.port = server.await_event("listening")["port"]
        server.await_event("ready")
        return server

    return start


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path)


@pytest.fixture
def launch(artifacts: Artifacts, tmp_path: Path) -> Iterator[Launch]:
    """Starts servers, not yet ready."""
    with launching(artifacts, tmp_path) as start:
        yield start


@pytest.fixture
def serve(launch: Launch) -> Launch:
    """Starts servers and waits until they are ready."""
    return until_ready(launch)


@pytest.fixture(scope="module")
def shared_artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    return Artifacts(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def shared_serve(
    shared_artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Launch]:
    """As `serve`, for all tests of a file."""
    with launching(shared_artifacts, tmp_path_factory.mktemp("logs")) as start:
        yield until_ready(start)
