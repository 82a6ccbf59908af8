"""What the server adds to the engine: latency and throughput for tiles of 4 x 256 x 256 float32.

Prints figures and asserts none: they hold for the machine and the minute they were taken on. The
engine alone, in a loop in this process, is what they are compared with.

    PYTHONPATH=tests/support python tests/perf/serve_latency.py
"""

import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from onnx import TensorProto, helper

from perigee_edge.serve.engine.interface import EngineOptions, Session
from perigee_edge.serve.engine.onnxruntime import OnnxRuntimeEngine
from tiles import TILE, client, cloud_mask, ready_port

WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Timings:
    """Of requests answered one after the other, or several at once."""

    each_s: list[float]
    total_s: float

    @property
    def p50_ms(self) -> float:
        return statistics.median(self.each_s) * 1000

    @property
    def p99_ms(self) -> float:
        return float(np.quantile(self.each_s, 0.99)) * 1000

    @property
    def a_second(self) -> float:
        return len(self.each_s) / self.total_s


def negation(directory: Path) -> Path:
    """A model that costs next to nothing: what is left is the server."""
    shape = ("n", 4, 256, 256)
    graph = helper.make_graph(
        [helper.make_node("Neg", ["input"], ["output"])],
        "negation",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    path = directory / "negation.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def timed(work: Callable[[], object], count: int) -> list[float]:
    for _ in range(WARM_UP):
        work()
    durations = []
    for _ in range(count):
        started = time.perf_counter()
        work()
        durations.append(time.perf_counter() - started)
    return durations


def engine_alone(session: Session, count: int) -> Timings:
    durations = timed(lambda: session.run({"input": TILE}), count)
    return Timings(durations, sum(durations))


@contextmanager
def server(model: Path, directory: Path) -> Iterator[int]:
    """The port of a server process that is ready."""
    content = model.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    (directory / digest).write_bytes(content)
    options = {
        "model": "m",
        "revision": "1",
        "artifact": digest,
        "artifact-directory": directory,
        "host": "127.0.0.1",
        "port": 0,
        "drain-s": 0,
        "max-batch-delay-ms": 0,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "perigee_edge.serve", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        port = ready_port(process)
        try:
            yield port
        finally:
            process.terminate()


def served(port: int, count: int, clients: int) -> Timings:
    with ThreadPoolExecutor(clients) as threads:
        each = [client(port) for _ in range(clients)]
        started = time.perf_counter()
        durations = [
            duration
            for part in threads.map(lambda work: timed(work, count // clients), each)
            for duration in part
        ]
        total_s = time.perf_counter() - started
    # The warm-up is part of the time, so it is part of the count.
    share = len(durations) / (len(durations) + WARM_UP * clients)
    return Timings(durations, total_s * share)


def row(name: str, timings: Timings, baseline: Timings) -> str:
    return (
        f"{name:32}{timings.p50_ms:10.2f}{timings.p99_ms:10.2f}{timings.a_second:12.1f}"
        f"{timings.p50_ms / baseline.p50_ms:12.2f}{timings.a_second / baseline.a_second:12.2f}"
    )


def main() -> None:
    typer.echo(
        f"{'':32}{'p50 ms':>10}{'p99 ms':>10}{'requests/s':>12}{'p50 ratio':>12}{'rate ratio':>12}"
    )
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for title, model, count in (
            ("cloud mask", cloud_mask(), 60),
            ("negation", negation(directory), 1000),
        ):
            options = EngineOptions(threads=1, keep_memory=False)
            alone = engine_alone(OnnxRuntimeEngine().load(model, options), count)
            typer.echo(row(f"{title}, engine alone", alone, alone))
            with server(model, directory) as port:
                for clients in (1, 4):
                    timings = served(port, count, clients)
                    typer.echo(row(f"{title}, served, {clients} at once", timings, alone))


if __name__ == "__main__":
    main()
