"""Images: where they come from, and how they get into a node's containerd."""

import json
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from perigee_lab.commands import run
from perigee_lab.errors import LabError

_SOURCE_LABEL: Final = "perigee.space/source"
_CONTAINERD_NAME: Final = "io.containerd.image.name"
_OCI_NAME: Final = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True)
class Image:
    """An image on this machine."""

    name: str
    source: str
    """What tells this content of the image from any other."""
    write: Callable[[Path], Path]
    """Gives an archive of it; where there is none yet, one made in the directory it is given."""


@dataclass(frozen=True, slots=True)
class _Engine:
    program: str
    identify: tuple[str, ...]
    save: tuple[str, ...]


_ENGINES: Final = (
    _Engine(
        "buildah",
        ("inspect", "--type=image", "--format={{.FromImageID}}", "{name}"),
        ("push", "--quiet", "{name}", "docker-archive:{file}:{name}"),
    ),
    _Engine(
        "podman",
        ("image", "inspect", "--format={{.Id}}", "{name}"),
        ("save", "--format=docker-archive", "--output={file}", "{name}"),
    ),
    _Engine(
        "docker",
        ("image", "inspect", "--format={{.Id}}", "{name}"),
        ("save", "--output={file}", "{name}"),
    ),
)


def find(reference: str) -> list[Image]:
    """The images in an archive, or the one of that name that buildah, podman or docker has.

    Raises:
        LabError: there is no such archive and no engine has an image of that name.
    """
    path = Path(reference)
    if path.is_file():
        return in_archive(path)
    reasons = []
    for engine in _ENGINES:
        try:
            return [_in_engine(engine, reference)]
        except LabError as error:
            reasons.append(f"{engine.program}: {error}")
    raise LabError(
        f"{reference} is neither the file of an archive nor an image here:\n" + "\n".join(reasons)
    )


def in_archive(path: Path) -> list[Image]:
    """The images in a docker-archive or an OCI archive.

    Raises:
        LabError: the file is none, or an image in it has no name.
    """
    try:
        with tarfile.open(path) as tar:
            named = _named_contents(tar)
    except (tarfile.TarError, KeyError, json.JSONDecodeError) as error:
        raise LabError(f"{path} is neither a docker-archive nor an OCI archive: {error}") from error
    if not named:
        raise LabError(f"no image in {path} has a name; give it one when you save it")
    return [Image(normalised(name), source, lambda _: path) for name, source in named]


def normalised(name: str) -> str:
    """An image's name as containerd spells it: with host and tag."""
    first, _, rest = name.partition("/")
    if not rest:
        name = f"docker.io/library/{name}"
    elif not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{name}"
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def present(ctr: Sequence[str], image: Image) -> bool:
    """Whether a node has exactly this image.

    Args:
        ctr: command that talks to the node's containerd.
        image: the image.
    """
    same = f'name=={image.name},labels."{_SOURCE_LABEL}"=={image.source}'
    return bool(run([*ctr, "images", "list", "--quiet", same]).strip())


def load(ctr: Sequence[str], image: Image, archive: Path) -> None:
    """Bring an image into a node's containerd."""
    with archive.open("rb") as file:
        run([*ctr, "images", "import", "-"], stdin=file)
    run([*ctr, "images", "label", image.name, f"{_SOURCE_LABEL}={image.source}"])


def _named_contents(tar: tarfile.TarFile) -> list[tuple[str, str]]:
    # A docker-archive lists names by configuration, an OCI archive by manifest. Newer versions of
    # docker write both.
    if "manifest.json" in tar.getnames():
        entries = _json(tar, "manifest.json")
        return [
            (name, _digest(entry["Config"]))
            for entry in entries
            for name in entry.get("RepoTags") or []
        ]
    entries = _json(tar, "index.json")["manifests"]
    named = []
    for entry in entries:
        notes = entry.get("annotations", {})
        if name := notes.get(_CONTAINERD_NAME, notes.get(_OCI_NAME)):
            named.append((name, entry["digest"]))
    return named


def _json(tar: tarfile.TarFile, name: str) -> Any:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return json.load(file)


def _digest(configuration: str) -> str:
    # "<digest>.json" or "blobs/sha256/<digest>"
    return f"sha256:{Path(configuration).name.removesuffix('.json')}"


def _in_engine(engine: _Engine, name: str) -> Image:
    identity = run(_command(engine, engine.identify, name)).strip()

    def write(directory: Path) -> Path:
        file = directory / "image.tar"
        run(_command(engine, engine.save, name, file))
        return file

    return Image(normalised(name), f"{engine.program}-{identity}".replace(":", "-"), write)


def _command(
    engine: _Engine, arguments: Sequence[str], name: str, file: Path | None = None
) -> list[str]:
    # Not by str.format: the engines' own templates have curly brackets too.
    filled = [part.replace("{name}", name).replace("{file}", str(file)) for part in arguments]
    return [engine.program, *filled]
