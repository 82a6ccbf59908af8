"""An artifact that the cache holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """An artifact in the cache."""

    sha256: str
    size_bytes: int
    wanted_at: float
    """When an assignment last named it, in seconds since 1970 (the file's modification time)."""
    complete: bool
