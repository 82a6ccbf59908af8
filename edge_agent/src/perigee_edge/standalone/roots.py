"""Copies of the agent image's files on the satellite's disk, by digest, and which one is used.

A hard link into a container's file system is impossible, so that the files are copied: once an
image, and verified against it at each start of the agent.
"""

import fcntl
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_edge.durable import sync_directory
from perigee_edge.standalone.tree import Entry, digest, entries, mount_points

CURRENT: Final = "current"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PARTIAL: Final = ".partial"


class TooLargeError(Exception):
    """The copy would take more of the disk than it may; the text has the figures."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image's files."""

    root: Path
    tree: list[Entry]

    @classmethod
    def own(cls) -> "Image":
        """That this process runs from.

        Raises:
            OSError: It cannot be read.
        """
        mounted = mount_points(Path("/proc/self/mountinfo").read_text())
        return cls(Path("/"), entries(Path("/"), mounted))

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(entry.size_bytes for entry in self.tree)


class Roots:
    """The copies. Every method may raise OSError; none is asynchronous."""

    def __init__(self, directory: Path) -> None:
        """Nothing is made yet.

        Args:
            directory: Of all that is kept for serving alone.
        """
        self.directory = directory / "roots"
        self._link = directory / CURRENT

    def current(self) -> str | None:
        """Digest of the copy that is used."""
        try:
            name = self._link.readlink().name
        except OSError:
            return None
        return name if _DIGEST.fullmatch(name) else None

    def is_intact(self, sha256: str) -> bool:
        """Whether a copy is there, and is what its name says."""
        root = self.directory / sha256 / "root"
        if not root.is_dir():
            return False
        try:
            return digest(root, entries(root, frozenset(), frozenset())) == sha256
        except OSError:
            return False

    def keep(self, image: Image, *, most_bytes: int, reserve_bytes: int) -> str:
        """Make a copy of an image the one that is used; its digest.

        Args:
            image: Whose.
            most_bytes: A larger one is not copied.
            reserve_bytes: So much of the disk stays free.

        Raises:
            TooLargeError: There is no room for it; what was used is used on.
        """
        sha256 = digest(image.root, image.tree)
        if not self.is_intact(sha256):
            self._check_room(image, most_bytes, reserve_bytes)
            self._copy(image, sha256)
        if self.current() != sha256:
            self._switch(sha256)
        return sha256

    def remove_others(self) -> int:
        """Remove copies that are not used; gives how many still run something."""
        current, running = self.current(), 0
        for path in self.directory.iterdir():
            if path.name == current:
                continue
            if _is_running(path / "root"):
                running += 1
            else:
                _remove(path)
        return running

    def _check_room(self, image: Image, most_bytes: int, reserve_bytes: int) -> None:
        self.directory.mkdir(mode=0o755, exist_ok=True)
        disk = os.statvfs(self.directory)
        free_bytes = disk.f_bavail * disk.f_frsize - reserve_bytes
        if image.size_bytes > min(most_bytes, free_bytes):
            raise TooLargeError(
                f"the image's files have {image.size_bytes} bytes; {most_bytes} are allowed, and "
                f"{max(0, free_bytes)} are free"
            )

    def _copy(self, image: Image, sha256: str) -> None:
        partial = self.directory / _PARTIAL
        _remove(partial)
        root = partial / "root"
        root.mkdir(mode=0o755, parents=True)
        for entry in image.tree:
            _make(root / entry.path, entry)

        def put(entry: Entry, source: int) -> None:
            _write(root / entry.path, source)

        copied = digest(image.root, image.tree, put)
        # All of it in one go: fsync would be called thousands of times.
        os.sync()
        if copied != sha256 or digest(root, image.tree) != sha256:
            raise OSError(f"the copy in {root} is not what was to be copied")
        _remove(self.directory / sha256)
        partial.rename(self.directory / sha256)
        sync_directory(self.directory)

    def _switch(self, sha256: str) -> None:
        fresh = self._link.with_name(f".{CURRENT}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path(self.directory.name) / sha256)
        fresh.replace(self._link)
        sync_directory(self._link.parent)


def _make(path: Path, entry: Entry) -> None:
    if stat.S_ISDIR(entry.mode):
        path.mkdir(mode=0o755)
    elif stat.S_ISLNK(entry.mode):
        path.symlink_to(entry.target)
    else:
        path.touch(mode=0o644 | entry.mode & 0o111)


def _write(path: Path, source: int) -> None:
    status = os.fstat(source)
    with path.open("wb") as file:
        while os.sendfile(file.fileno(), source, None, 1 << 24):
            pass
    # Byte code is told to be stale by its source's time.
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))


def _is_running(root: Path) -> bool:
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
