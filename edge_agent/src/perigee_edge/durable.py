"""Files that are whole or absent after a power loss, never something in between."""

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Bring a directory's entries (names made, renamed, removed) to the disk.

    Raises:
        OSError: The directory cannot be opened or the disk refused.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` under `path` in one step: readers see the old file or the new one.

    Raises:
        OSError: Nothing was replaced; the old file, if any, still stands.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
