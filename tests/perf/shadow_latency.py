"""What a candidate that answers beside the stable revision costs those who ask the latter.

Two real servers, and the agent's part that has them meet. Requests are asked one after the other,
with pauses of random length in between or with none, in blocks: the candidate loaded and asked
nothing, then with a share handed on to it, again and again. What is compared is the latency of the
two kinds of blocks in the same run; beside it stands the same for blocks of one kind, which shows
how far chance alone goes. Intervals are by drawing blocks anew (bootstrap, 95 %). A machine that
others use says little about the 99th percentile: then look at the processor's time that the server
takes itself, and at how soon a candidate stops.

    PYTHONPATH=tests/support python tests/perf/shadow_latency.py --blocks 12 --requests 250
"""

import asyncio
import hashlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from onnx import TensorProto, helper, numpy_helper

from perigee_api.names import COUNTS_SOCKET, SHADOW_SOCKET
from perigee_edge.counted import CountedBlock
from perigee_edge.report.meeting import Meeting
from perigee_edge.serve.engine.interface import (
    EngineOptions,
    InterruptedRunError,
    Interruption,
)
from perigee_edge.serve.engine.onnxruntime import OnnxRuntimeEngine, OnnxRuntimeSession
from tiles import TILE, client, cloud_mask, ready_port

LAYERS, CHANNELS = 12, 16
SETTLING_S = 3.0
"""For a label to be seen, and for servers to meet or part."""
DRAWS = 2000
STOPS = 100


def convolutions(directory: Path) -> Path:
    """A network of some ten milliseconds for a tile, of equal layers."""
    rng = np.random.default_rng(0)
    nodes, weights, source = [], [], "input"
    for layer in range(LAYERS):
        inputs = 4 if layer == 0 else CHANNELS
        kernel = (rng.random((CHANNELS, inputs, 3, 3), dtype=np.float32) - 0.5) / inputs
        weights.append(numpy_helper.from_array(kernel, f"w{layer}"))
        target = f"layer{layer}" if layer < LAYERS - 1 else "output"
        stride = [4, 4] if layer == 0 else [1, 1]
        nodes.append(
            helper.make_node(
                "Conv", [source, f"w{layer}"], [target], pads=[1, 1, 1, 1], strides=stride
            )
        )
        source = target
    tile = helper.make_tensor_value_info("input", TensorProto.FLOAT, ("n", 4, 256, 256))
    scores = helper.make_tensor_value_info("output", TensorProto.FLOAT, ("n", CHANNELS, 64, 64))
    graph = helper.make_graph(nodes, "convolutions", [tile], [scores], weights)
    opset = [helper.make_opsetid("", 17)]
    path = directory / "convolutions.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()
    )
    return path


class Board:
    """Two Pods' servers on one satellite."""

    def __init__(self, directory: Path, model: Path, cores: set[int]) -> None:
        self.directory = directory
        self.shadow = directory / "shadow"
        self.processes: list[subprocess.Popen[str]] = []
        self._cores = cores
        content = model.read_bytes()
        self._digest = hashlib.sha256(content).hexdigest()
        (directory / self._digest).write_bytes(content)
        for name, text in (("active", "true"), ("inactive", ""), ("shadow", "")):
            (directory / name).write_text(text)

    def start(self, revision: str, active: str) -> int:
        """Starts a server, and waits until it is ready; its port."""
        options = {
            "model": "m",
            "revision": revision,
            "artifact": self._digest,
            "artifact-directory": self.directory,
            "host": "127.0.0.1",
            "port": 0,
            "drain-s": 0,
            "max-batch-delay-ms": 0,
            "namespace": "default",
            "pod": f"uid-{revision}",
            "block-s": 2,
            "active-file": self.directory / active,
            "shadow-file": self.shadow,
        }
        if active == "inactive":
            options |= {"golden": self._golden(), "golden-metric": "agreement"}
        words = [f"--{name}={value}" for name, value in options.items()]
        command = [sys.executable, "-m", "perigee_edge.serve", *words]
        process = subprocess.Popen(  # noqa: S603 - the command is this file's own
            command, stderr=subprocess.PIPE, text=True
        )
        os.sched_setaffinity(process.pid, self._cores)
        self.processes.append(process)
        port = ready_port(process)
        if process.stderr is not None:
            threading.Thread(target=process.stderr.read, daemon=True).start()
        return port

    def _golden(self) -> str:
        """A golden set that any answers of this model pass: what is timed is something else."""
        session = OnnxRuntimeEngine().load(
            self.directory / self._digest, EngineOptions(threads=1, keep_memory=False)
        )
        tile = np.zeros((1, 4, 256, 256), "f4")
        outputs = session.run({"input": tile})
        path = self.directory / "golden.npz"
        arrays: dict[str, Any] = {"in.input": tile}
        arrays |= {f"out.{name}": array for name, array in outputs.items()}
        np.savez(path, **arrays)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.rename(self.directory / digest)
        return digest

    def cpu_s(self) -> float:
        """Processor's time that the first server has taken."""
        stat = Path(f"/proc/{self.processes[0].pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


class Counts:
    """What the stable revision's server tells of the candidate."""

    def __init__(self, directory: Path) -> None:
        self._hearing = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._hearing.bind(str(directory / Path(COUNTS_SOCKET).name))
        self._told: dict[int, CountedBlock] = {}
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        while True:
            block = CountedBlock.model_validate_json(self._hearing.recv(8192))
            if block.shadow is not None:
                self._told[block.sequence] = block

    def __str__(self) -> str:
        shadows = [block.shadow for block in list(self._told.values()) if block.shadow]
        names = ("compared", "agreed", "failed", "dropped")
        return ", ".join(f"{name} {sum(getattr(s, name) for s in shadows)}" for name in names)


@contextmanager
def agent(directory: Path) -> Iterator[None]:
    """The part of it that has servers meet."""
    loop = asyncio.new_event_loop()
    meeting = loop.create_task(Meeting().run(directory / Path(SHADOW_SOCKET).name))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(meeting)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(meeting.cancel)
        thread.join()


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked."""

    blocks: int
    requests: int
    pause: float
    """Between an answer and the next request in the mean, in answers' times; 0: none."""


def block(infer: Any, load: Load, answer_s: float, rng: random.Random) -> list[float]:
    """Latencies of one block, in milliseconds."""
    found = []
    for _ in range(load.requests):
        if load.pause:
            time.sleep(rng.expovariate(1 / (load.pause * answer_s)))
        begun = time.perf_counter()
        infer()
        found.append(1000 * (time.perf_counter() - begun))
    return found


def quantile(blocks: Sequence[list[float]], share: float) -> float:
    return float(np.quantile(np.concatenate(blocks), share))


def ratio(ones: Sequence[list[float]], others: Sequence[list[float]], share: float) -> str:
    """The ratio of a quantile, with an interval."""
    rng = random.Random(1)  # noqa: S311 - no secret
    drawn = sorted(
        quantile(rng.choices(ones, k=len(ones)), share)
        / quantile(rng.choices(others, k=len(others)), share)
        for _ in range(DRAWS)
    )
    low, high = drawn[int(0.025 * DRAWS)], drawn[int(0.975 * DRAWS)]
    return f"{quantile(ones, share) / quantile(others, share):.3f} ({low:.3f} to {high:.3f})"


def measure(directory: Path, model: Path, cores: set[int], percent: int, load: Load) -> None:
    """Prints one row of figures."""
    rng = random.Random(0)  # noqa: S311 - no secret
    board, counts = Board(directory, model, cores), Counts(directory)
    off: list[list[float]] = []
    on: list[list[float]] = []
    cpu_s = {False: 0.0, True: 0.0}
    try:
        with agent(directory):
            infer = client(board.start("r1", "active"))
            board.start("r2", "inactive")
            answer_s = sorted(block(infer, Load(1, 30, 0), 0, rng))[15] / 1000
            for number in range(2 * load.blocks):
                shadowed = number % 2 == 1
                board.shadow.write_text(str(percent) if shadowed else "")
                time.sleep(SETTLING_S)
                begun_s = board.cpu_s()
                (on if shadowed else off).append(block(infer, load, answer_s, rng))
                cpu_s[shadowed] += board.cpu_s() - begun_s
            time.sleep(SETTLING_S)
    finally:
        board.close()
    typer.echo(
        f"  p50 {quantile(off, 0.5):.2f} ms, p99 {quantile(off, 0.99):.2f} ms without\n"
        f"  with, over without: p50 {ratio(on, off, 0.5)}, p99 {ratio(on, off, 0.99)}\n"
        f"  without, over without: p50 {ratio(off[::2], off[1::2], 0.5)}, "
        f"p99 {ratio(off[::2], off[1::2], 0.99)}\n"
        f"  processor's time of the stable revision's server, with over without: "
        f"{cpu_s[True] / cpu_s[False]:.3f}\n"
        f"  {counts}"
    )


def stops(model: Path) -> str:
    """How long a candidate computes on that is told to stop, beside how long it takes in full."""
    session = OnnxRuntimeEngine().load(model, EngineOptions(threads=1, keep_memory=False))
    full_s = [_seconds(lambda: session.run({"input": TILE})) for _ in range(11)]
    typical_s = sorted(full_s)[5]
    rng = random.Random(2)  # noqa: S311 - no secret
    found_s = [s for _ in range(STOPS) if (s := _stopped(session, typical_s * rng.random()))]
    return (
        f"  a run takes {1000 * typical_s:.1f} ms, one that is told to stop "
        f"{1000 * float(np.median(found_s)):.2f} ms more (at most {1000 * max(found_s):.2f} ms)"
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _stopped(session: OnnxRuntimeSession, after_s: float) -> float | None:
    """Seconds from the word to the end; None if it was finished before."""
    interruption, asked_s = Interruption(), 0.0

    def ask() -> None:
        nonlocal asked_s
        asked_s = time.perf_counter()
        interruption.ask()

    timer = threading.Timer(after_s, ask)
    timer.start()
    try:
        session.run_unless({"input": TILE}, interruption)
    except InterruptedRunError:
        return time.perf_counter() - asked_s
    finally:
        timer.cancel()
    return None


def main(
    blocks: Annotated[int, typer.Option(help="Of each kind.")] = 12,
    requests: Annotated[int, typer.Option(help="In a block.")] = 250,
    percent: Annotated[int, typer.Option(help="That is handed on.")] = 5,
    pause: Annotated[float, typer.Option(help="In answers' times, in the mean; 0: none.")] = 2.0,
    large: Annotated[bool, typer.Option(help="The cloud mask, not twelve convolutions.")] = False,  # noqa: FBT002
) -> None:
    everywhere = os.sched_getaffinity(0)
    load = Load(blocks, requests, pause)
    with tempfile.TemporaryDirectory() as name:
        model = cloud_mask() if large else convolutions(Path(name))
        typer.echo(stops(model))
        for cores in ({min(everywhere)}, everywhere):
            typer.echo(f"{len(cores)} cores, {percent} %, {blocks} x {requests}, pause {pause}")
            with tempfile.TemporaryDirectory() as folder:
                measure(Path(folder), model, cores, percent, load)


if __name__ == "__main__":
    typer.run(main)
