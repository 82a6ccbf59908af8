"""What an image is made of, and the name that follows from it."""

import hashlib
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = "localhost/perigee"
TAG_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A part of Perigee that has an image."""

    name: str
    project: str
    """Folder of its distribution."""

    @property
    def dockerfile(self) -> str:
        """Its Dockerfile."""
        return f"images/{self.name}/Dockerfile"

    @property
    def repository(self) -> str:
        """Its image's name without the tag."""
        return f"{REPOSITORY}/{self.name}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The files and folders that its image is made of."""
        return (
            ".dockerignore",
            self.dockerfile,
            "requirements/build.lock",
            f"requirements/{self.name}.lock",
            "crds/pyproject.toml",
            "crds/src",
            f"{self.project}/pyproject.toml",
            f"{self.project}/src",
        )


PARTS: Final = {
    part.name: part
    for part in (Part("operator", project="operator"), Part("edge", project="edge_agent"))
}


def tag(part: Part, checkout: Path, base: str) -> str:
    """The image's tag: a hash of its inputs, so that a changed checkout is a new image.

    Args:
        part: whose image.
        checkout: root of the checkout.
        base: what the base is: an image's name, or a digest of the recipe that makes it.
    """
    digest = hashlib.sha256(f"{base} {platform.machine()}".encode())
    for path in _files(part, checkout):
        digest.update(f"\0{path.relative_to(checkout)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:TAG_DIGITS]


def default_base(part: Part, checkout: Path) -> str:
    """The public image that the Dockerfile names as its base.

    Raises:
        ValueError: the Dockerfile names none.
    """
    text = (checkout / part.dockerfile).read_text()
    named = re.search(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    if named is None:
        raise ValueError(f"{part.dockerfile} has no line ARG BASE=IMAGE")
    return named[1]


def _files(part: Part, checkout: Path) -> Iterator[Path]:
    for name in part.inputs:
        path = checkout / name
        if path.is_dir():
            within = (p for p in path.rglob("*") if "__pycache__" not in p.parts and p.is_file())
            yield from sorted(within)
        else:
            yield path
