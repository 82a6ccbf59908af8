import json
from pathlib import Path

import pytest

from perigee_edge.supervisor.options import FALLBACK, OptionsError, read
from perigee_edge.supervisor.policy import Limits

MAIN = ("--revision=new", "--artifact=aaa", "--golden=bbb", "--artifact-directory=/here")
OLD = ["--revision=old", "--artifact=ccc", "--artifact-directory=/there"]
EVERYWHERE = ".".join("0000")
PLAIN = {FALLBACK: json.dumps(OLD)}


def test_what_the_operator_tells() -> None:
    told = {
        "PERIGEE_SUPERVISOR_MODEL": "default/m",
        "PERIGEE_SUPERVISOR_POD": "uid-1",
        "PERIGEE_SUPERVISOR_RECORD_DIRECTORY": "/record",
        "PERIGEE_SUPERVISOR_REPORT_SOCKET": "/socket",
        "PERIGEE_SUPERVISOR_STANDBY": "true",
    }
    options = read((*MAIN, "--port=81"), PLAIN | told)
    assert (options.main.revision, options.fallback.revision) == ("new", "old")
    assert options.main.files == (Path("/here/aaa"), Path("/here/bbb"))
    assert options.fallback.files == (Path("/there/ccc"),)
    assert options.fallback.arguments == tuple(OLD)
    assert (options.model, options.pod, options.port) == ("default/m", "uid-1", 81)
    assert (options.record_directory, options.report_socket) == (Path("/record"), Path("/socket"))
    assert options.standby


def test_without_more() -> None:
    options = read(MAIN, PLAIN)
    assert (options.host, options.port) == (EVERYWHERE, 8080)
    assert options.termination_log == Path("/dev/termination-log")
    assert (options.record_directory, options.report_socket) == (None, None)
    assert not options.standby
    assert options.limits == Limits()


@pytest.mark.parametrize("words", [("--port", "81"), ("--port=80", "--port=81")])
def test_options_as_the_server_reads_them(words: tuple[str, ...]) -> None:
    assert read((*MAIN, *words), PLAIN | {"PERIGEE_SERVE_PORT": "82"}).port == 81
    assert read(MAIN, PLAIN | {"PERIGEE_SERVE_PORT": "82"}).port == 82


def test_limits() -> None:
    told = {"PERIGEE_SUPERVISOR_CRASHES": "5", "PERIGEE_SUPERVISOR_SILENCE_S": "2.5"}
    assert read(MAIN, PLAIN | told).limits == Limits(crashes=5, silence_s=2.5)
    memory = read(MAIN, PLAIN | {"PERIGEE_SUPERVISOR_MEMORY_LIMIT_MIB": "2"}).memory_limit_bytes
    assert memory == 2 << 20


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (MAIN, {}),
        (MAIN, {FALLBACK: "nonsense"}),
        (MAIN, {FALLBACK: "[]"}),
        (MAIN, {FALLBACK: '{"a": 1}'}),
        (MAIN, {FALLBACK: '["--revision=old", "loose"]'}),
        (MAIN, {FALLBACK: '["--revision=old"]'}),
        (MAIN, {FALLBACK: "[" * 100_000}),
        (("--revision=new",), PLAIN),
        ((*MAIN, "--port=x"), PLAIN),
        (MAIN, PLAIN | {"PERIGEE_SUPERVISOR_CRASHES": "-1"}),
        (MAIN, PLAIN | {"PERIGEE_SUPERVISOR_HOLD_S": "inf"}),
    ],
)
def test_what_makes_no_sense(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    with pytest.raises(OptionsError):
        read(arguments, environment)


def test_files_on_board(tmp_path: Path) -> None:
    words = ("--revision=new", "--artifact=aaa", f"--artifact-directory={tmp_path}")
    main = read(words, PLAIN).main
    assert not main.is_on_board
    (tmp_path / "aaa").touch()
    assert main.is_on_board
