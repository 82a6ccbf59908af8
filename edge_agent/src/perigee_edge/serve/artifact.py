"""Files of the satellite's artifact cache, told by their digest."""

import hashlib
from pathlib import Path


class ArtifactMissingError(Exception):
    """The artifact is not on board as its digest says."""


def verified(directory: Path, sha256: str) -> Path:
    """The path of an artifact whose content has that digest.

    The agent verified it when it fetched it. Reading it once more takes 0.1 s for 40 MB, and a
    file that has changed since, or been put there by another, never serves.

    Raises:
        ArtifactMissingError: There is no such file, it cannot be read, or its content is another.
    """
    path = directory / sha256
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArtifactMissingError(
            f"artifact {sha256} cannot be read from {directory}: {error.strerror}"
        ) from error
    if found != sha256:
        size = path.stat().st_size
        raise ArtifactMissingError(
            f"the file of artifact {sha256} is damaged: it has {size} bytes and digest {found}"
        )
    return path
