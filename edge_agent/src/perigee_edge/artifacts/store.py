"""The artifact cache's files.

A complete and verified artifact is the file named by its SHA-256 in the cache's directory; one on
its way is `.partial/<sha256>`, with the server's ETag beside it in `.partial/<sha256>.etag`. A file
gets its right name by one rename, after its bytes have been brought to the disk and read back.
"""

import errno
import fcntl
import hashlib
import os
import re
from pathlib import Path
from typing import Final

from perigee_edge.artifacts.held import Held
from perigee_edge.durable import sync_directory

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES: Final = 1 << 20
_READABLE_BY_ALL: Final = 0o644
"""`serve` may run as somebody else."""


class ArtifactStore:
    """The files under one directory. Every method may raise OSError; none is asynchronous."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._partials = directory / ".partial"

    def path(self, sha256: str) -> Path:
        """Where an artifact stands once it is verified."""
        return self.directory / sha256

    def partial_path(self, sha256: str) -> Path:
        """Where an artifact grows."""
        return self._partials / sha256

    def _etag_path(self, sha256: str) -> Path:
        return self._partials / f"{sha256}.etag"

    def prepare(self) -> None:
        """Make the directories that are missing."""
        self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._partials.mkdir(mode=0o755, exist_ok=True)

    def lock(self) -> int:
        """Keep other agents out for as long as the returned descriptor is open.

        Raises:
            BlockingIOError: Another agent has the cache.
        """
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def held(self) -> tuple[Held, ...]:
        """Everything in the cache, complete ones first."""
        return (*self._scan(self.directory, complete=True), *self._scan(self._partials))

    @staticmethod
    def _scan(directory: Path, *, complete: bool = False) -> list[Held]:
        found = []
        for entry in os.scandir(directory):
            if _DIGEST.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                found.append(Held(entry.name, status.st_size, status.st_mtime, complete))
        return found

    def free_bytes(self) -> int:
        """Free on the disk for a user who is not root."""
        disk = os.statvfs(self.directory)
        return disk.f_bavail * disk.f_frsize

    def partial_bytes(self, sha256: str) -> int:
        """How much of an artifact has come; 0 if nothing has."""
        try:
            return self.partial_path(sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def etag(self, sha256: str) -> str | None:
        """The ETag of what the partial file is a part of, if the server gave one."""
        try:
            return self._etag_path(sha256).read_text("ascii")
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def begin(self, sha256: str, etag: str | None) -> None:
        """Start an artifact from its first byte; what came before is dropped."""
        self.discard_partial(sha256)
        self._partials.mkdir(mode=0o755, exist_ok=True)
        if etag is not None:
            self._etag_path(sha256).write_text(etag, "ascii")

    def append(self, sha256: str, block: bytes) -> None:
        """Add the next bytes to a partial file."""
        with self.partial_path(sha256).open("ab", buffering=0) as file:
            rest = memoryview(block)
            while rest:
                rest = rest[file.write(rest) :]

    def discard_partial(self, sha256: str) -> None:
        """Forget what has come of an artifact."""
        self.partial_path(sha256).unlink(missing_ok=True)
        self._etag_path(sha256).unlink(missing_ok=True)

    def admit(self, sha256: str) -> bool:
        """Give a partial file its right name if its content is right; False if it is not.

        The digest is taken of what reads back from the disk, after it has been synced there.
        """
        partial = self.partial_path(sha256)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), _READABLE_BY_ALL)
        if digest(partial) != sha256:
            return False
        partial.replace(self.path(sha256))
        sync_directory(self.directory)
        self._etag_path(sha256).unlink(missing_ok=True)
        return True

    def is_intact(self, sha256: str) -> bool:
        """Whether a complete artifact can still be read and has the content its name says."""
        try:
            return digest(self.path(sha256)) == sha256
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise

    def remove(self, one: Held) -> None:
        """Take an artifact out of the cache. Who has it open keeps it until they close it."""
        if one.complete:
            self.path(one.sha256).unlink(missing_ok=True)
            sync_directory(self.directory)
        else:
            self.discard_partial(one.sha256)

    def mark_wanted(self, sha256: str, at: float) -> None:
        """Note that a complete artifact is wanted, `at` seconds since 1970."""
        try:
            os.utime(self.path(sha256), (at, at))
        except FileNotFoundError:
            return


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal, read from the disk rather than from memory.

    The page cache is asked to forget the file before and after: before, because a bit that
    flipped on the disk does not show in memory; after, because memory is scarce on board.
    """
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        sha = hashlib.sha256()
        block = bytearray(_BLOCK_BYTES)
        view = memoryview(block)
        while count := file.readinto(view):
            sha.update(view[:count])
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return sha.hexdigest()
