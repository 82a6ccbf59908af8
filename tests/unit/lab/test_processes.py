import os
from pathlib import Path

from perigee_lab import processes, waiting
from perigee_lab.processes import Process


def sleeper(tmp_path: Path) -> Process:
    process = processes.start(
        ["sleep", "60"], environment={"PATH": "/usr/bin:/bin"}, log=tmp_path / "log", groups=[]
    )
    assert process is not None
    return process


def test_a_process_lives_until_it_is_killed(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    try:
        assert process.alive
        assert os.getsid(process.pid) != os.getsid(0), "it outlives this terminal"
        waiting.until(lambda: process.command == "sleep", within_s=5, what="sleep to start")
    finally:
        process.kill()
    assert not process.alive
    assert process.command is None
    process.kill()


def test_an_id_that_was_given_to_another_process_is_never_killed(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    try:
        for other in (
            Process(process.pid, process.started - 1, process.boot),
            Process(process.pid, process.started, "of the machine's start before this one"),
        ):
            assert not other.alive
            other.kill()
            assert process.alive
    finally:
        process.kill()


def test_a_record_counts_while_its_process_lives(tmp_path: Path) -> None:
    record = tmp_path / "records" / "sleep.json"
    assert processes.recall(record) is None
    process = sleeper(tmp_path)
    try:
        processes.remember(record, process, doing="this")
        assert processes.recall(record) == process
        assert processes.recall(record, doing="this") == process
        assert processes.recall(record, doing="that") is None
    finally:
        process.kill()
    assert processes.recall(record) is None
    record.write_text("{")
    assert processes.recall(record) is None


def test_output_goes_to_the_log_and_what_ended_is_no_process(tmp_path: Path) -> None:
    log = tmp_path / "log"
    argv = ["sh", "-c", "echo out; echo err >&2; echo $GIVEN"]
    processes.start(
        argv, environment={"PATH": "/usr/bin:/bin", "GIVEN": "given"}, log=log, groups=[]
    )
    waiting.until(
        lambda: log.exists() and log.read_text() == "out\nerr\ngiven\n",
        within_s=5,
        what="the output",
    )


def test_groups_are_entered_first(tmp_path: Path) -> None:
    groups = [tmp_path / "one", tmp_path / "two"]
    process = processes.start(
        ["sleep", "60"],
        environment={"PATH": "/usr/bin:/bin"},
        log=tmp_path / "log",
        groups=groups,
    )
    assert process is not None
    process.kill()
    assert [group.read_text() for group in groups] == ["0\n", "0\n"]
