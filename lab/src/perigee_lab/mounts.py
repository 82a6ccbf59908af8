"""What is mounted where, as this process sees it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = 3
_POINT: Final = 4
_ESCAPED: Final = re.compile(r"\\(\d{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of /proc/self/mountinfo."""

    point: Path
    root: str
    """Which part of the file system is mounted there; / is all of it."""
    kind: str
    """Type of the file system."""
    options: str
    """Of the file system as a whole; for a control group of version 1, its controllers too."""


def parse(mountinfo: str) -> list[Mount]:
    """Read the text of /proc/self/mountinfo; proc(5) describes it."""
    mounts = []
    for line in mountinfo.splitlines():
        fields = line.split()
        # Optional fields end with a dash; the type and two more follow.
        kind, _, options = fields[fields.index("-") + 1 :][:3]
        mounts.append(Mount(Path(_plain(fields[_POINT])), fields[_ROOT], kind, options))
    return mounts


def here() -> list[Mount]:
    """What is mounted now."""
    return parse(Path("/proc/self/mountinfo").read_text())


def is_mounted(point: Path) -> bool:
    """Whether something is mounted at a file or directory itself, a bind mount included."""
    return any(mount.point == point for mount in here())


def _plain(escaped: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), escaped)
