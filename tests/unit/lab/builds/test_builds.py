from dataclasses import replace
from pathlib import Path

import pytest

from perigee_lab import builds
from perigee_lab.builds import Program
from perigee_lab.errors import LabError
from perigee_lab.progress import Silent


class Lines(Silent):
    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("PERIGEE_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "go.mod").write_text("module example.com/small\n\ngo 1.24.0\n")
    (source / "main.go").write_text("package main\n\nfunc main() { println(1) }\n")
    return Program(folder=str(source), package=".", program="small", links=("other-name",))


def test_a_program_is_built_once_for_the_same_inputs(program: Program) -> None:
    lines = Lines()
    first = builds.built(program, lines)
    assert (first / "small").is_file()
    assert (first / "other-name").resolve() == first / "small"
    assert builds.built(program, lines) == first
    assert len(lines.steps) == 2


def test_every_input_counts(program: Program) -> None:
    hashes = {builds.inputs_hash(program)}
    hashes.add(builds.inputs_hash(replace(program, linker_flags="")))
    hashes.add(builds.inputs_hash(replace(program, cgo=True)))
    Path(program.folder, "main.go").write_text("package main\n\nfunc main() {}\n")
    hashes.add(builds.inputs_hash(program))
    Path(program.folder, "go.sum").write_text("")
    hashes.add(builds.inputs_hash(program))
    assert len(hashes) == 5


def test_what_does_not_compile_leaves_nothing_and_says_why(program: Program) -> None:
    Path(program.folder, "main.go").write_text("package main\n\nfunc main() { nonsense }\n")
    with pytest.raises(LabError, match="undefined: nonsense"):
        builds.built(program, Silent())
    kept = list((Path(program.folder).parent / "cache/builds").iterdir())
    assert [path.suffix for path in kept] == [".lock"]


def test_a_tool_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(LabError, match="there is no tool k3s; there are perigee-kube, kubectl"):
        builds.tool("k3s")
