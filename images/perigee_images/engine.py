"""What builds images: docker, podman or buildah."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_images.command import UserError, announce, read, run, succeeds

PATH_INSIDE: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Build:
    """One image to build."""

    checkout: Path
    dockerfile: str
    image: str
    arguments: Mapping[str, str]
    secrets: Mapping[str, Path]

    @property
    def options(self) -> list[str]:
        """The options that all engines have in common."""
        return [
            f"--file={self.dockerfile}",
            f"--tag={self.image}",
            *(f"--build-arg={name}={value}" for name, value in self.arguments.items()),
            *(f"--secret=id={name},src={path}" for name, path in self.secrets.items()),
        ]


class Engine(ABC):
    """An engine, with the few things that are asked of it."""

    pulls: bool
    """Whether it looks for a public base in a registry without being told to."""

    def __init__(self, *command: str) -> None:
        self.name = command[0]
        self.command = command

    def works(self) -> bool:
        """Whether it is there and can do anything at all."""
        return succeeds([*self.command, "info"])

    def pull(self, image: str) -> bool:
        """Fetches an image from its registry; False where that is not possible."""
        announce(f"{self.name} pull {image}")
        return succeeds([*self.command, "pull", "--quiet", image])

    def drop(self, image: str) -> None:
        """Forgets an image that it holds."""
        run([*self.command, "rmi", image])

    @abstractmethod
    def has(self, image: str) -> bool:
        """Whether it holds an image."""

    @abstractmethod
    def take(self, archive: Path, image: str) -> None:
        """Makes an image of a root file system."""

    @abstractmethod
    def build(self, build: Build) -> None:
        """Builds an image."""

    @abstractmethod
    def save(self, image: str, archive: Path) -> None:
        """Writes an image as a docker archive."""


class Docker(Engine):
    """docker; podman takes the same words."""

    pulls = True

    def has(self, image: str) -> bool:
        """By inspecting it."""
        return succeeds([*self.command, "image", "inspect", image])

    def take(self, archive: Path, image: str) -> None:
        """By import."""
        run([*self.command, "import", "--change", f"ENV {PATH_INSIDE}", str(archive), image])

    def build(self, build: Build) -> None:
        """With BuildKit, where it is docker: the builder before it knows no secrets."""
        environment = os.environ | {"DOCKER_BUILDKIT": "1"}
        run([*self.command, "build", *build.options, "."], cwd=build.checkout, env=environment)

    def save(self, image: str, archive: Path) -> None:
        """In the format that is the default of both."""
        run([*self.command, "save", "--output", str(archive), image])


class Buildah(Engine):
    """buildah, with a storage of its own, so that the user's stays as it is.

    Builds run in a chroot and in the host's network: that needs no privilege beyond those that
    buildah needs anyway, and works inside containers and small virtual machines.
    """

    pulls = False

    def __init__(self, storage: Path) -> None:
        driver = os.environ.get("STORAGE_DRIVER", "overlay")
        # Otherwise a bind mount of the storage on itself is left behind.
        options = ["--storage-opt=overlay.skip_mount_home=true"] if driver == "overlay" else []
        super().__init__(
            "buildah",
            f"--root={storage / 'root'}",
            f"--runroot={storage / 'run'}",
            f"--storage-driver={driver}",
            *options,
        )

    def has(self, image: str) -> bool:
        """By inspecting it."""
        return succeeds([*self.command, "inspect", "--type=image", image])

    def take(self, archive: Path, image: str) -> None:
        """As the one layer of an image from scratch."""
        container = read([*self.command, "from", "scratch"]).strip()
        try:
            run([*self.command, "add", "--quiet", container, str(archive), "/"])
            run([*self.command, "config", f"--env={PATH_INSIDE}", container])
            run([*self.command, "commit", "--quiet", container, image])
        finally:
            run([*self.command, "rm", container])

    def build(self, build: Build) -> None:
        """With layers kept for the next build, and no container left behind."""
        options = ["--isolation=chroot", "--network=host", "--layers", "--force-rm", "--pull=false"]
        run([*self.command, "build", *options, *build.options, "."], cwd=build.checkout)

    def save(self, image: str, archive: Path) -> None:
        """By a push to a file."""
        run([*self.command, "push", "--quiet", image, f"docker-archive:{archive}:{image}"])


def choose(cache: Path, wanted: str | None) -> Engine:
    """The first engine that works, or the one that is wanted.

    A docker that is installed may still have no engine behind it, so each is tried.

    Raises:
        UserError: none works, or the one that is wanted does not.
    """
    engines: list[Engine] = [Docker("docker"), Docker("podman"), Buildah(cache / "storage")]
    if wanted is not None:
        engines = [engine for engine in engines if engine.name == wanted]
    for engine in engines:
        if engine.works():
            return engine
    tried = ", ".join(engine.name for engine in engines) or f"{wanted!r}, which is not known"
    raise UserError(f"Nothing that can build an image works here. Tried: {tried}")
