"""Which engine builds, tried with stand-ins on PATH."""

from pathlib import Path

import pytest

from perigee_images.command import UserError
from perigee_images.engine import choose


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    for name in ("docker", "podman", "buildah"):
        install(folder, name, status=1)
    return folder


def install(programs: Path, name: str, *, status: int) -> None:
    program = programs / name
    program.write_text(f"#!/bin/sh\nexit {status}\n")
    program.chmod(0o755)


def test_the_first_that_works_is_taken(programs: Path, tmp_path: Path) -> None:
    install(programs, "podman", status=0)
    install(programs, "buildah", status=0)
    assert choose(tmp_path, None).name == "podman"


def test_a_docker_without_an_engine_is_passed_over(programs: Path, tmp_path: Path) -> None:
    install(programs, "buildah", status=0)
    assert choose(tmp_path, None).name == "buildah"


def test_one_that_is_wanted_is_taken_before_others(programs: Path, tmp_path: Path) -> None:
    for name in ("docker", "podman", "buildah"):
        install(programs, name, status=0)
    assert choose(tmp_path, "buildah").name == "buildah"


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (None, "Tried: docker, podman, buildah"),
        ("podman", "Tried: podman"),
        ("kaniko", "'kaniko', which is not known"),
    ],
)
def test_none_that_works_is_said_in_one_sentence(
    tmp_path: Path, wanted: str | None, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        choose(tmp_path, wanted)
