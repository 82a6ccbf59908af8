"""Where archives are kept between builds: outside the checkout, shared by all checkouts."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

KEPT_ARCHIVES: Final = 4
"""Of each part. One that is in use was touched lately."""


def directory() -> Path:
    """The folder for images in Perigee's cache, made if it is not there."""
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(os.environ.get("PERIGEE_CACHE") or user_cache / "perigee") / "images"
    cache.mkdir(parents=True, exist_ok=True)
    return cache


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Holds the cache, so that two builds at a time do the work once."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def superseded(folder: Path) -> list[Path]:
    """The archives of one part that are to go: all but those used last."""
    archives = sorted(folder.glob("*.tar"), key=lambda path: path.stat().st_mtime, reverse=True)
    return archives[KEPT_ARCHIVES:]
