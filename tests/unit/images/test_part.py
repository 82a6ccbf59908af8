"""An image's tag follows from what goes into it, and from nothing else."""

import shutil
from pathlib import Path

import pytest

from perigee_images.part import PARTS, default_base, tag

CHECKOUT = Path(__file__).parents[3]
EDGE = PARTS["edge"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for part in PARTS.values():
        for name in part.inputs:
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (CHECKOUT / name).is_dir():
                shutil.copytree(CHECKOUT / name, target, dirs_exist_ok=True)
            else:
                shutil.copy(CHECKOUT / name, target)
    return tmp_path


def test_the_same_checkout_elsewhere_has_the_same_tag(checkout: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(checkout, moved)
    assert tag(EDGE, checkout, "base") == tag(EDGE, moved, "base")


@pytest.mark.parametrize(
    "changed",
    [
        "images/edge/Dockerfile",
        "requirements/edge.lock",
        "requirements/build.lock",
        "crds/src/perigee_api/names.py",
        "edge_agent/src/perigee_edge/main.py",
        "edge_agent/src/perigee_edge/new.py",
        "edge_agent/pyproject.toml",
        ".dockerignore",
    ],
)
def test_whatever_goes_in_changes_the_tag(checkout: Path, changed: str) -> None:
    before = tag(EDGE, checkout, "base")
    with (checkout / changed).open("a") as file:
        file.write("# changed\n")
    assert tag(EDGE, checkout, "base") != before


def test_a_file_of_another_name_changes_the_tag(checkout: Path) -> None:
    before = tag(EDGE, checkout, "base")
    main = checkout / "edge_agent/src/perigee_edge/main.py"
    main.rename(main.with_name("principal.py"))
    assert tag(EDGE, checkout, "base") != before


def test_another_base_changes_the_tag(checkout: Path) -> None:
    assert tag(EDGE, checkout, "one") != tag(EDGE, checkout, "another")


@pytest.mark.parametrize(
    "other",
    [
        "edge_agent/src/perigee_edge/__pycache__/main.cpython-311.pyc",
        "operator/src/perigee_operator/main.py",
        "requirements/operator.lock",
        "README.md",
    ],
)
def test_nothing_else_does(checkout: Path, other: str) -> None:
    before = tag(EDGE, checkout, "base")
    (checkout / other).parent.mkdir(exist_ok=True)
    with (checkout / other).open("a") as file:
        file.write("# changed\n")
    assert tag(EDGE, checkout, "base") == before


def test_what_goes_in_is_let_into_the_build() -> None:
    """.dockerignore lets in nothing that the tag does not count, and all that it counts."""
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    counted = {name for part in PARTS.values() for name in part.inputs}
    not_copied = {".dockerignore", *(part.dockerfile for part in PARTS.values())}
    assert let_in == counted - not_copied


def test_a_dockerfile_without_a_base_is_an_error(checkout: Path) -> None:
    (checkout / EDGE.dockerfile).write_text("FROM scratch\n")
    with pytest.raises(ValueError, match="images/edge/Dockerfile has no line ARG BASE="):
        default_base(EDGE, checkout)
