"""Going back without the ground, with real processes and real models, as clients see it."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np

RANDOM = np.random.default_rng(7)
NEW = RANDOM.normal(size=64).astype("f4")
OLD = RANDOM.normal(size=64).astype("f4")


def pair(pod: Any, **options: Any) -> tuple[list[str], list[str]]:
    """Options of a new revision and of the one before."""
    new = pod.arguments("new", pod.model(NEW), golden=pod.golden(NEW), **options)
    return new, pod.arguments("old", pod.model(OLD), golden=pod.golden(OLD))


def serving(container: Any) -> int:
    """Process id of the worker that serves, once it is ready."""
    begun = len(container.all("worker_ended", role="serving"))
    ready = container.await_event("worker_ready", begun + 1, serves=True)
    return int(ready["pid"])


def crash(container: Any, number: signal.Signals = signal.SIGKILL) -> float:
    """Ends the worker that serves; when that was."""
    os.kill(serving(container), number)
    return time.monotonic()


def resident_mib(pid: int, field: str = "VmRSS") -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(f"{field}:")) / 1024


def figure(text: str) -> None:
    """What was measured, for a person: `pytest -s` shows it."""
    sys.stdout.write(f"{text}\n")


def flip_weights(pid: int, weights: Any) -> int:
    """Damages all copies of the weights in a stopped process, as radiation might; how many."""
    pattern, found = weights.tobytes(), 0
    with Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *rest = line.split()
            if not rights.startswith("rw") or (len(rest) > 3 and rest[3].startswith("/")):
                continue
            begin, end = (int(each, 16) for each in span.split("-"))
            memory.seek(begin)
            content = memory.read(end - begin) or b""
            at = content.find(pattern)
            while at >= 0:
                memory.seek(begin + at)
                memory.write(bytes(byte ^ 0x40 for byte in pattern[:4]))
                found += 1
                at = content.find(pattern, at + 1)
    return found


def test_one_that_crashes_again_and_again_is_gone_back_from(pod: Any, asking: Any) -> None:
    container = pod.start(*pair(pod))
    serving(container)
    crashes: list[tuple[float, float]] = []
    with asking() as clients:
        for _ in range(3):
            clients.more("new")
            at = crash(container)
            ended = container.await_event("worker_ended", len(crashes) + 1, role="serving")
            crashes.append((at, ended["at"]))
        first = clients.more("old")
    after_s = first.ended - crashes[-1][0]
    supervisor_mib = resident_mib(container.process.pid)
    figure(f"answered {after_s:.2f} s after the last crash; supervisor {supervisor_mib:.1f} MiB")
    assert after_s < 20, "10 s, on a machine that does nothing else"
    assert supervisor_mib < 25
    assert [f.error for f in clients.failed if "refused" in f.error] == []
    # Only who was connected to the worker that died.
    assert all(
        any(f.begun <= over and f.ended >= at for at, over in crashes) for f in clients.failed
    )
    assert len(clients.failed) <= clients.CLIENTS * len(crashes)
    assert container.all("gone_back")[0]["reason"] == "CrashLoop"
    assert "SIGKILL" in container.all("gone_back")[0]["message"]


def test_a_new_container_keeps_to_what_the_last_one_went_back_to(pod: Any) -> None:
    options = pair(pod)
    container = pod.start(*options, crashes=1)
    crash(container)
    container.await_event("gone_back")
    assert pod.answers() == "old"
    assert container.end(signal.SIGTERM) == 0

    container = pod.start(*options, crashes=1)
    container.await_event("worker_ready", serves=True)
    assert container.all("worker_ready")[0]["revision"] == "old"
    assert pod.answers() == "old"
    assert len(container.all("worker_started")) == 1


def test_a_container_that_ended_with_all_its_processes_has_crashed(pod: Any) -> None:
    options = pair(pod)
    for _ in range(3):
        container = pod.start(*options)
        worker = serving(container)
        until(lambda: json.loads((pod.record / "course.json").read_text())["verified"])
        container.end(signal.SIGKILL)
        until(partial(is_over, worker))
    container = pod.start(*options)
    container.await_event("still_gone_back", reason="CrashLoop")
    container.await_event("worker_ready", serves=True)
    assert pod.answers() == "old"


def is_over(pid: int) -> bool:
    """Whether a process that is no child of this one has ended."""
    try:
        return "zombie" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def until(holds: Callable[[], bool]) -> None:
    """Waits for what nothing announces."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def test_kept_loaded_it_answers_at_once(pod: Any, asking: Any) -> None:
    container = pod.start(*pair(pod), standby="true", memory_limit_mib=2048, crashes=1)
    serving(container)
    container.await_event("worker_ready", serves=False, revision="old")
    with asking() as clients:
        clients.more("new")
        at = crash(container)
        first = clients.more("old")
    figure(f"answered {first.ended - at:.3f} s after the crash, from a copy kept loaded")
    assert first.ended - at < 3
    assert [f.error for f in clients.failed if "refused" in f.error] == []


def test_nothing_is_kept_loaded_without_room(pod: Any) -> None:
    for limit in ({}, {"memory_limit_mib": 100}):
        container = pod.start(*pair(pod), standby="true", **limit)
        serving(container)
        # Three beats: it has looked by then.
        assert pod.answers() == "new"
        assert container.end(signal.SIGTERM) == 0
        assert container.all("worker_started", revision="old") == []


def test_what_is_confirmed_needs_nothing_kept_loaded(pod: Any) -> None:
    limits = {"confirm_s": 0, "confirm_answers": 5}
    container = pod.start(*pair(pod), standby="true", memory_limit_mib=2048, **limits)
    container.await_event("worker_ready", serves=False)
    for _ in range(5):
        assert pod.answers() == "new"
    container.await_event("standby_ended", confirmed=True)
    container.await_event("worker_ended", role="standby")
    assert pod.answers() == "new"


def test_damaged_memory_is_found_by_the_golden_set(pod: Any, asking: Any) -> None:
    container = pod.start(*pair(pod, golden_every_s=0.5))
    worker = serving(container)
    with asking() as clients:
        clients.more("new")
        container.await_event("checked again", passed=True)
        os.kill(worker, signal.SIGSTOP)
        assert flip_weights(worker, NEW) > 0
        os.kill(worker, signal.SIGCONT)
        at = time.monotonic()
        first = clients.more("old")
    gone = container.await_event("gone_back")
    figure(f"found after {gone['at'] - at:.2f} s, answered after {first.ended - at:.2f} s")
    assert gone["reason"] == "GoldenSetFailed"
    assert "checked again while serving" in gone["message"]
    assert first.ended - gone["at"] < 20, "10 s, on a machine that does nothing else"
    # It went in order: nothing failed at all.
    assert clients.failed == []


def test_a_golden_set_that_is_damaged_itself_says_nothing(pod: Any) -> None:
    golden = pod.golden(NEW)
    main = pod.arguments("new", pod.model(NEW), golden=golden, golden_every_s=0.2)
    container = pod.start(main, pair(pod)[1])
    serving(container)
    (pod.directory / golden).write_bytes(b"damaged")
    container.await_event("golden set not checked again", 2)
    assert pod.answers() == "new"
    assert container.all("gone_back") == []


def test_one_that_fails_too_many_requests_is_gone_back_from(pod: Any) -> None:
    main = pod.arguments("new", pod.brittle(), max_batch_size=1)
    container = pod.start(main, pair(pod)[1], least_requests=20)
    serving(container)
    # What a client does wrong counts for nothing.
    assert {pod.infer(samples=0).status_code for _ in range(60)} == {400}
    statuses = [pod.infer(samples=1).status_code for _ in range(19)]
    assert statuses == [500] * 19
    container.await_event("worker_ready")
    assert container.all("gone_back") == []
    assert pod.infer(samples=1).status_code == 500
    at = time.monotonic()
    gone = container.await_event("gone_back", reason="ErrorShare")
    assert pod.answers() == "old"
    assert time.monotonic() - at < 20, "10 s, on a machine that does nothing else"
    assert "failed 20 of 20 requests within 30 s" in gone["message"]


def test_one_that_hangs_is_ended(pod: Any, asking: Any) -> None:
    container = pod.start(*pair(pod), silence_s=2)
    worker = serving(container)
    with asking() as clients:
        clients.more("new")
        os.kill(worker, signal.SIGSTOP)
        container.await_event("worker_hangs")
        clients.more("new")
    assert [f.error for f in clients.failed if "refused" in f.error] == []
    assert len(clients.failed) <= clients.CLIENTS


def test_the_first_start_fails_as_without_a_supervisor(pod: Any) -> None:
    main = pod.arguments("new", pod.model(NEW), golden=pod.golden(OLD))
    container = pod.start(main, pair(pod)[1])
    assert container.wait() == 67
    assert json.loads(pod.termination.read_text())["reason"] == "GoldenSetFailed"
    assert container.all("gone_back") == []


def test_without_files_to_go_back_to_it_ends_as_it_would_alone(pod: Any) -> None:
    new, _ = pair(pod)
    container = pod.start(new, pod.arguments("old", "0" * 64), crashes=1)
    crash(container)
    assert container.wait() == 137
    assert container.all("gone_back") == []


def test_one_before_that_cannot_serve_is_given_up_for_good(pod: Any) -> None:
    new, _ = pair(pod)
    unfit = pod.arguments("old", pod.model(OLD), golden=pod.golden(NEW))
    container = pod.start(new, unfit, crashes=1)
    crash(container)
    assert container.wait() == 67
    container = pod.start(new, unfit, crashes=1)
    serving(container)
    assert pod.answers() == "new"


def test_a_file_that_is_damaged_at_the_next_start(pod: Any) -> None:
    options = pair(pod)
    artifact = next(word.split("=")[1] for word in options[0] if word.startswith("--artifact="))
    container = pod.start(*options)
    serving(container)
    assert container.end(signal.SIGTERM) == 0
    (pod.directory / artifact).write_bytes(b"damaged")
    container = pod.start(*options)
    container.await_event("gone_back", reason="ArtifactMissing")
    assert pod.answers() == "old"


def test_ends_in_order(pod: Any) -> None:
    new, old = pair(pod)
    container = pod.start([*new, "--drain-s=600"], old)
    serving(container)
    container.process.send_signal(signal.SIGTERM)
    container.await_event("draining")
    address = f"http://127.0.0.1:{pod.port}"
    assert pod.infer().headers["Connection"] == "close"
    assert httpx.get(f"{address}/v2/health/ready").status_code == 503
    assert httpx.get(f"{address}/v2/health/live").status_code == 200
    assert container.end(signal.SIGTERM) == 0
    assert container.all("gone_back") == []


def test_the_agent_is_told(pod: Any) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as agent:
        agent.bind(str(pod.reports))
        agent.settimeout(60)
        container = pod.start(*pair(pod), crashes=1)
        crash(container)
        told = [json.loads(agent.recv(65536)) for _ in range(2)]
    assert told[0] == told[1]
    assert told[0].pop("message")
    assert told[0] == {
        "pod": "uid-1",
        "model": "default/m",
        "failed": "new",
        "revision": "old",
        "reason": "CrashLoop",
    }


def test_a_fallback_that_makes_no_sense_takes_no_service_away(pod: Any) -> None:
    container = pod.start(pair(pod)[0], ["nonsense"])
    container.await_event("not_supervised")
    container.await_event("ready")
    assert pod.answers() == "new"
