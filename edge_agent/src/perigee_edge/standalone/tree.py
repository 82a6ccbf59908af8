"""The files of the agent's own image, as it sees them from inside its container.

What is mounted into the container is left out, and what the agent may not read: a server that runs
as the same user could not read that, either. So is what no server reads.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

UNUSED: Final = frozenset(
    {
        "boot",
        "home",
        "media",
        "mnt",
        "opt/perigee/share",
        "root",
        "srv",
        "usr/games",
        "usr/include",
        "usr/local/include",
        "usr/sbin",
        "usr/share",
        "var",
    }
)
"""Documentation, records of packages and the like: a good part of a Debian image."""

NEEDED: Final = (
    *("proc", "sys", "dev", "run", "tmp", "var/tmp"),
    "var/lib/perigee/artifacts",
    "var/lib/perigee/standalone/records",
)
"""Directories that are there for a mount."""

_BLOCK_BYTES: Final = 1 << 20
_POINT: Final = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, directory or symbolic link."""

    path: str
    """From the root, without a slash in front."""
    mode: int
    """Type, and for a file whether it can be executed."""
    size_bytes: int
    target: str = ""
    """Of a symbolic link."""


def mount_points(mountinfo: str) -> frozenset[str]:
    """Where something is mounted, as paths without a slash in front; the root aside. Pure.

    Args:
        mountinfo: Text of /proc/self/mountinfo; proc(5) describes it.
    """
    points = (line.split()[_POINT] for line in mountinfo.splitlines())
    return frozenset(_plain(point).strip("/") for point in points) - {""}


def _plain(escaped: str) -> str:
    return escaped.encode("latin-1", "replace").decode("unicode_escape")


def entries(root: Path, mounted: frozenset[str], unused: frozenset[str] = UNUSED) -> list[Entry]:
    """All that belongs to the image, parents before children.

    Args:
        root: Where the image's files are.
        mounted: What is left empty.
        unused: What is left out.

    Raises:
        OSError: The root cannot be read.
    """
    found = {"": Entry("", stat.S_IFDIR, 0)}
    for path, status in _walk(str(root), "", mounted, unused):
        found[path] = _entry(root, path, status, mounted)
    for needed in NEEDED:
        parts = Path(needed).parts
        for count in range(1, len(parts) + 1):
            path = "/".join(parts[:count])
            found.setdefault(path, Entry(path, stat.S_IFDIR, 0))
    del found[""]
    return sorted(found.values(), key=lambda entry: entry.path.split("/"))


def _walk(
    root: str, path: str, mounted: frozenset[str], unused: frozenset[str]
) -> Iterator[tuple[str, os.stat_result]]:
    for each in os.scandir(f"{root}/{path}"):
        child = f"{path}/{each.name}" if path else each.name
        status = each.stat(follow_symlinks=False)
        if child in unused or not _is_readable(each, status):
            continue
        yield child, status
        if stat.S_ISDIR(status.st_mode) and child not in mounted:
            yield from _walk(root, child, mounted, unused)


def _is_readable(entry: os.DirEntry[str], status: os.stat_result) -> bool:
    if stat.S_ISLNK(status.st_mode):
        return True
    if stat.S_ISDIR(status.st_mode):
        return os.access(entry.path, os.R_OK | os.X_OK)
    return stat.S_ISREG(status.st_mode) and os.access(entry.path, os.R_OK)


def _entry(root: Path, path: str, status: os.stat_result, mounted: frozenset[str]) -> Entry:
    if stat.S_ISDIR(status.st_mode):
        return Entry(path, stat.S_IFDIR, 0)
    if stat.S_ISLNK(status.st_mode):
        return Entry(path, stat.S_IFLNK, 0, str((root / path).readlink()))
    executable = 0o111 if status.st_mode & 0o111 else 0
    return Entry(path, stat.S_IFREG | executable, 0 if path in mounted else status.st_size)


def digest(root: Path, tree: list[Entry], put: Callable[[Entry, int], None] | None = None) -> str:
    """SHA-256 over names, kinds and contents, in hexadecimal. Owners and times do not count.

    Args:
        root: Where the files are.
        tree: What there is.
        put: Given each file that has content, open, before it is read; may read it itself.

    Raises:
        OSError: A file cannot be read.
    """
    whole = hashlib.sha256()
    for entry in tree:
        content = b""
        if stat.S_ISREG(entry.mode) and entry.size_bytes:
            content = _content(root / entry.path, entry, put)
        whole.update(
            f"{entry.mode:o} {entry.path}\0{entry.target}\0".encode("utf-8", "surrogateescape")
        )
        whole.update(content)
    return whole.hexdigest()


def _content(path: Path, entry: Entry, put: Callable[[Entry, int], None] | None) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if put is not None:
            put(entry, descriptor)
            os.lseek(descriptor, 0, os.SEEK_SET)
        sha = hashlib.sha256()
        while block := os.read(descriptor, _BLOCK_BYTES):
            sha.update(block)
        return sha.digest()
    finally:
        os.close(descriptor)
