"""What must hold of every image, read from its Dockerfile."""

import re
from pathlib import Path

import pytest

from perigee_api import names
from perigee_images.part import PARTS, Part, default_base

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(params=PARTS.values(), ids=list(PARTS))
def part(request: pytest.FixtureRequest) -> Part:
    chosen: Part = request.param
    return chosen


@pytest.fixture
def instructions(part: Part) -> list[tuple[str, str]]:
    """In order; continuation lines joined, comments left out."""
    text = (CHECKOUT / part.dockerfile).read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2]) for line in joined.splitlines() if line]


def last_stage(instructions: list[tuple[str, str]]) -> list[tuple[str, str]]:
    start = max(at for at, (word, _) in enumerate(instructions) if word == "FROM")
    return instructions[start:]


def test_the_public_base_is_an_exact_version_of_python(part: Part) -> None:
    assert re.fullmatch(
        r"docker\.io/library/python:3\.\d+\.\d+-slim-[a-z]+", default_base(part, CHECKOUT)
    )


def test_stages_build_on_the_arguments_and_on_each_other_only(
    instructions: list[tuple[str, str]],
) -> None:
    stages: set[str] = set()
    for word, rest in instructions:
        if word == "FROM":
            source, _, stage = rest.partition(" AS ")
            assert source in {"${BUILD_BASE}", "${BASE}"} | stages
            stages.add(stage)


def test_the_image_runs_as_the_agents_user(instructions: list[tuple[str, str]]) -> None:
    users = [rest for word, rest in last_stage(instructions) if word == "USER"]
    assert users == [f"{names.AGENT_UID}:{names.AGENT_UID}"]


def test_all_that_pip_fetches_is_checked_by_hash_and_comes_built(
    instructions: list[tuple[str, str]],
) -> None:
    installs = [
        step
        for word, rest in instructions
        if word == "RUN"
        for step in rest.split("&&")
        if re.search(r"/pip\b.* (install|wheel) ", step)
    ]
    assert installs
    for step in installs:
        locked = "--require-hashes" in step and "--only-binary=:all:" in step
        assert locked or "--no-index" in step, step


def test_the_last_stage_installs_nothing(instructions: list[tuple[str, str]]) -> None:
    runs = [rest for word, rest in last_stage(instructions) if word == "RUN"]
    assert all(command.startswith("rm ") for command in runs)


def test_the_command_is_one_that_the_project_has(
    part: Part, instructions: list[tuple[str, str]]
) -> None:
    (entry,) = [rest for word, rest in instructions if word == "ENTRYPOINT"]
    scripts = (CHECKOUT / part.project / "pyproject.toml").read_text()
    command = entry.strip('[]"')
    assert re.search(rf"^{re.escape(command)} = ", scripts, re.MULTILINE)


def test_dependencies_are_a_layer_below_the_projects_own_code(
    instructions: list[tuple[str, str]],
) -> None:
    copies = [rest for word, rest in last_stage(instructions) if word == "COPY"]
    assert [copy.split()[0] for copy in copies] == ["--from=dependencies", "--from=project"]
