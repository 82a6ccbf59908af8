"""Where what was made once is kept for every checkout and every lab."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Perigee's cache: `PERIGEE_CACHE`, or a folder in the user's cache."""
    if own := environment.get("PERIGEE_CACHE"):
        return Path(own)
    if users := environment.get("XDG_CACHE_HOME"):
        return Path(users, "perigee")
    return Path.home() / ".cache" / "perigee"


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold a lock that is waited for by other processes, and dropped if this one dies.

    Args:
        path: a file made for that purpose, or a directory.

    Yields:
        The open file's descriptor.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
