"""A container as the kubelet runs it: a supervisor over real servers, and clients that ask it."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

WITHIN_S = 180
FEATURES = 64
REVISION = "new"
FALLBACK = "old"


class Program:
    """A process that logs JSON."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the command is a test's own
            command, stderr=subprocess.PIPE, text=True, env=os.environ | environment
        )
        self.events: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            event = json.loads(line) if line.startswith("{") else {"event": line.rstrip()}
            with self._changed:
                self.events.append({**event, "at": time.monotonic()})
                self._changed.notify_all()

    def all(self, name: str, **fields: Any) -> list[dict[str, Any]]:
        """The events of a name so far."""
        return [e for e in self.events if e.items() >= {"event": name, **fields}.items()]

    def await_event(self, name: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """The event that the log says so for the `count`-th time."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self.all(name, **fields)) >= count, WITHIN_S
            ), self.events
            return self.all(name, **fields)[count - 1]

    def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(WITHIN_S)
        self._reader.join(WITHIN_S)
        assert self.process.stderr is not None
        if not self._reader.is_alive():
            self.process.stderr.close()
        return status


class Pod:
    """Its files, its address, and the containers that it has had."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.record = directory / "record"
        self.record.mkdir()
        self.termination = directory / "termination"
        self.reports = directory / "reports.sock"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self._containers: list[Program] = []

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        (self.directory / digest).write_bytes(content)
        return digest

    def model(self, weights: Any) -> str:
        """Digest of an artifact: y is x times the weights."""
        shape = ("n", FEATURES)
        return self._graph(
            [helper.make_node("Mul", ["x", "w"], ["y"])],
            {"w": np.asarray(weights, "f4")},
            helper.make_tensor_value_info("y", TensorProto.FLOAT, shape),
        )

    def brittle(self) -> str:
        """Digest of an artifact that fails an odd number of samples, by itself."""
        return self._graph(
            [helper.make_node("Reshape", ["x", "shape"], ["y"])],
            {"shape": np.array([-1, 2 * FEATURES])},
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ("m", 2 * FEATURES)),
        )

    def _graph(self, nodes: list[Any], constants: dict[str, Any], output: Any) -> str:
        graph = helper.make_graph(
            nodes,
            "test",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", FEATURES))],
            [output],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        opset = [helper.make_opsetid("", 17)]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=10)
        return self.put(model.SerializeToString())

    def golden(self, weights: Any) -> str:
        """Digest of a golden set that a model of those weights passes."""
        path = self.directory / "golden.npz"
        x = np.ones((4, FEATURES), "f4")
        arrays: dict[str, Any] = {"in.x": x, "out.y": x * np.asarray(weights, "f4")}
        np.savez(path, **arrays)
        return self.put(path.read_bytes())

    def arguments(self, revision: str, artifact: str, **options: Any) -> list[str]:
        given = {
            "model": "m",
            "revision": revision,
            "artifact": artifact,
            "artifact_directory": self.directory,
            "host": "127.0.0.1",
            "port": self.port,
            "drain_s": 0,
            "golden_metric": "maxAbsoluteError",
            "golden_threshold": 0.001,
            **options,
        }
        return [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]

    def start(self, main: list[str], fallback: list[str], **told: Any) -> Program:
        """Starts a container of it; `told` is the supervisor's environment."""
        self.termination.touch()
        given = {
            "fallback": json.dumps(fallback),
            "record_directory": self.record,
            "report_socket": self.reports,
            "model": "default/m",
            "pod": "uid-1",
            **told,
        }
        environment = {f"PERIGEE_SUPERVISOR_{k.upper()}": str(v) for k, v in given.items()}
        environment["PERIGEE_SERVE_TERMINATION_LOG"] = str(self.termination)
        command = [str(Path(sys.executable).with_name("perigee-edge")), "serve", *main]
        container = Program(command, environment)
        self._containers.append(container)
        return container

    def infer(self, samples: int = 2, client: httpx.Client | None = None) -> httpx.Response:
        """One request, on a connection of its own unless a client keeps one."""
        post = client.post if client else httpx.post
        return post(
            f"http://127.0.0.1:{self.port}/v2/models/m/infer",
            content=body(samples),
            timeout=WITHIN_S,
        )

    def answers(self) -> str:
        """The revision that answers."""
        response = self.infer()
        assert response.status_code == 200, response.text
        return str(response.json()["model_version"])

    def close(self) -> None:
        for container in self._containers:
            if container.process.poll() is None:
                container.end(signal.SIGTERM)


def body(samples: int) -> bytes:
    x = {"name": "x", "datatype": "FP32", "shape": [samples, FEATURES]}
    return json.dumps({"inputs": [{**x, "data": [1.0] * (samples * FEATURES)}]}).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request."""

    begun: float
    ended: float
    revision: str | None
    error: str


class Asking:
    """Clients that ask all the time: one connects for each request, two keep their connection."""

    CLIENTS = 3

    def __init__(self, pod: Pod) -> None:
        self.made: list[Answer] = []
        self._pod = pod
        self._over = threading.Event()
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._ask, args=(keeps,)) for keeps in (False, True, True)
        ]

    def _ask(self, keeps: bool) -> None:  # noqa: FBT001
        with httpx.Client(timeout=WITHIN_S) as client:
            while not self._over.is_set():
                begun = time.monotonic()
                revision, error = None, ""
                try:
                    response = self._pod.infer(client=client if keeps else None)
                    if response.status_code == 200:
                        revision = response.json()["model_version"]
                    else:
                        error = f"{response.status_code} {response.text}"
                except httpx.HTTPError as failure:
                    error = repr(failure)
                with self._changed:
                    self.made.append(Answer(begun, time.monotonic(), revision, error))
                    self._changed.notify_all()

    @property
    def failed(self) -> list[Answer]:
        return [answer for answer in self.made if answer.revision is None]

    def more(self, revision: str, count: int = 20) -> Answer:
        """Waits for more answers of a revision; the first of them."""
        with self._changed:
            begun = len(self.made)

            def found() -> list[Answer]:
                return [answer for answer in self.made[begun:] if answer.revision == revision]

            assert self._changed.wait_for(lambda: len(found()) >= count, WITHIN_S), self.made[-5:]
            return found()[0]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(WITHIN_S)


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    one = Pod(tmp_path)
    yield one
    one.close()


@pytest.fixture
def asking(pod: Pod) -> Callable[[], Asking]:
    return lambda: Asking(pod)
