"""A keeper as systemd starts it, and servers that ask it for the socket, all of them processes."""

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
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

WITHIN_S = 60
BODY = json.dumps(
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
).encode()
INSTANCE = "default.m"
START = """
import os, sys
environment = os.environ | {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2"}
environment["LISTEN_FDNAMES"] = "serve:servers"
for index, number in enumerate(map(int, sys.argv[1:3])):
    os.dup2(number, 100 + index)
for index in range(2):
    os.dup2(100 + index, 3 + index, inheritable=True)
os.execve(sys.argv[3], sys.argv[3:], environment)
"""
"""As an init system does it: the sockets become files 3 and 4 of the process itself."""


class Program:
    """A process that logs JSON."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the command is a test's own
            command, stderr=subprocess.PIPE, text=True, **options
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
                self.events.append(event)
                self._changed.notify_all()

    def await_event(self, name: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """The event that the log says so for the `count`-th time."""

        def found() -> list[dict[str, Any]]:
            return [e for e in self.events if e.items() >= {"event": name, **fields}.items()]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, WITHIN_S), self.events
            return found()[count - 1]

    def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        self.process.send_signal(number)
        status = self.process.wait(WITHIN_S)
        self._reader.join(WITHIN_S)
        assert self.process.stderr is not None
        if not self._reader.is_alive():
            self.process.stderr.close()
        return status


class Board:
    """A satellite: its directories, the sockets of its units, and what runs there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.artifacts = directory / "artifacts"
        self.standalone = directory / "standalone"
        for each in (self.artifacts, self.standalone, self.standalone / "records"):
            each.mkdir()
        self.address = directory / "m.sock"
        self.servers = directory / "servers.sock"
        self._sockets = [
            _listening(self.address, socket.SOCK_STREAM),
            _listening(self.servers, socket.SOCK_SEQPACKET),
        ]
        self._programs: list[Program] = []

    def model(self, operator: str = "Neg") -> str:
        """Digest of an artifact: y is an operator of x."""
        shape = ("n", 2)
        graph = helper.make_graph(
            [helper.make_node(operator, ["x"], ["y"])],
            "test",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        )
        opset = [helper.make_opsetid("", 17)]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=10)
        return self.put(model.SerializeToString())

    def golden(self) -> str:
        """Digest of a golden set that `Neg` passes."""
        path = self.directory / "golden.npz"
        x = np.array([[1, 2]], "f4")
        arrays: dict[str, Any] = {"in.x": x, "out.y": -x}
        np.savez(path, **arrays)
        return self.put(path.read_bytes())

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        (self.artifacts / digest).write_bytes(content)
        return digest

    def keeper(self) -> Program:
        """Starts the keeper with the sockets, which outlive it."""
        numbers = [each.fileno() for each in self._sockets]
        command = [sys.executable, "-c", START, *map(str, numbers), sys.executable]
        arguments = ["-m", "perigee_edge.standalone", INSTANCE, f"--directory={self.standalone}"]
        keeper = self._started([*command, *arguments], pass_fds=numbers)
        keeper.await_event("keeper_started")
        return keeper

    def pod(self, artifact: str, revision: str, *, active: bool = True, **options: Any) -> Program:
        """Starts a server as in a Pod; `active` is what its label says."""
        self.label(revision, active=active)
        given = {
            "model": "m",
            "revision": revision,
            "artifact": artifact,
            "artifact_directory": self.artifacts,
            "host": "127.0.0.1",
            "port": 0,
            "drain_s": 0,
            "handover": self.servers,
            "active_file": self._label(revision),
            **options,
        }
        words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        return self._started([sys.executable, "-m", "perigee_edge.serve", *words])

    def supervised_pod(self, artifact: str, revision: str, fallback: tuple[str, str]) -> Program:
        """As `pod`, with a way back to another artifact and revision; one crash is enough."""
        self.label(revision, active=True)
        shared = [
            "--model=m",
            f"--artifact-directory={self.artifacts}",
            "--host=127.0.0.1",
            "--port=0",
            "--drain-s=0",
            f"--handover={self.servers}",
            f"--active-file={self._label(revision)}",
        ]
        before = [f"--artifact={fallback[0]}", f"--revision={fallback[1]}", *shared]
        told = {"FALLBACK": json.dumps(before), "CRASHES": "1"}
        environment = {f"PERIGEE_SUPERVISOR_{key}": value for key, value in told.items()}
        own = [f"--artifact={artifact}", f"--revision={revision}", *shared]
        command = [str(Path(sys.executable).with_name("perigee-edge")), "serve", *own]
        return self._started(command, env=os.environ | environment)

    def label(self, revision: str, *, active: bool) -> None:
        self._label(revision).write_text("true" if active else "")

    def _label(self, revision: str) -> Path:
        return self.directory / f"active-{revision}"

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(self.address))
        return httpx.Client(transport=transport, base_url="http://m", timeout=WITHIN_S)

    def ask(self) -> httpx.Response:
        """One request on a connection of its own."""
        with self.client() as client:
            return client.post("/v2/models/m/infer", content=BODY)

    def answers(self) -> str:
        """The revision that answers."""
        response = self.ask()
        assert response.status_code == 200, response.text
        return str(response.json()["model_version"])

    def recorded(self) -> list[str]:
        """The revisions known to be good."""
        path = self.standalone / "records" / f"{INSTANCE}.json"
        good = json.loads(path.read_text())["good"] if path.exists() else []
        return [each["revision"] for each in good]

    def reboot(self) -> None:
        """All ends at once; what is on disk stays."""
        for each in self._programs:
            each.end()
        self._programs = []

    def close(self) -> None:
        self.reboot()
        for each in self._sockets:
            each.close()

    def _started(self, command: list[str], **options: Any) -> Program:
        program = Program(command, cwd=self.directory, **options)
        self._programs.append(program)
        return program


class Asking:
    """Clients that ask all the time: one connects for each request, two keep their connection."""

    def __init__(self, board: Board) -> None:
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._board = board
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(kept,)) for kept in (False, True, True)
        ]

    def _ask(self, kept: bool) -> None:  # noqa: FBT001
        client = self._board.client()
        while not self._stop.is_set():
            try:
                response = client.post("/v2/models/m/infer", content=BODY)
                response.raise_for_status()
                self.answers.append(response.json()["model_version"])
            except httpx.HTTPError as error:
                self.failures.append(f"{error!r}")
            if not kept:
                client.close()
                client = self._board.client()
        client.close()

    def more(self, revision: str, count: int = 20) -> None:
        """Waits until a revision has answered so many times more."""
        wanted = self.answers.count(revision) + count
        deadline = time.monotonic() + WITHIN_S
        while self.answers.count(revision) < wanted:
            assert time.monotonic() < deadline, f"{revision} does not answer: {self.failures}"
            time.sleep(0.01)

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join(WITHIN_S)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path)
    yield board
    board.close()


@pytest.fixture
def asking(board: Board) -> Callable[[], Asking]:
    return lambda: Asking(board)


def _listening(path: Path, kind: int) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, kind)
    listening.bind(os.fspath(path))
    listening.listen(4096)
    return listening
