"""What a restarted container knows of the course so far: one small file of its Pod.

It lies in an emptyDir, so it lives as long as the Pod, through crashes of the container and
reboots of the satellite. Nothing in it expires: a satellite that is dark for a week keeps what it
has. Only crashes are of one boot: who loses power has not crashed.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from perigee_edge.durable import replace_file
from perigee_edge.supervisor.policy import Course, Retreat

_VERSION: Final = 1
_NAME: Final = "course.json"


class RecordError(ValueError):
    """A file that is no record."""


@dataclass(frozen=True, slots=True)
class Record:
    """The course, and where it was written."""

    revision: str
    """Of the Pod."""
    boot: str
    """Of the kernel: times are of its clock."""
    running: bool
    """A worker ran when it was written: if nobody does any more, all of it ended at once."""
    course: Course


def encode(record: Record) -> bytes:
    """As the file has it. Pure."""
    course = record.course
    document = {
        "version": _VERSION,
        "revision": record.revision,
        "boot": record.boot,
        "running": record.running,
        "verified": course.verified,
        "confirmed": course.confirmed,
        "ends": course.ends,
        "retreat": asdict(course.retreat) if course.retreat else None,
        "fallbackUnfit": course.fallback_unfit,
    }
    return json.dumps(document).encode()


def decode(content: bytes) -> Record:
    """The inverse of `encode`, but for what is of the moment alone. Pure.

    Raises:
        RecordError: The file holds something else.
    """
    try:
        document: dict[str, Any] = json.loads(content)
        retreat = document["retreat"]
        course = Course(
            verified=bool(document["verified"]),
            confirmed=bool(document["confirmed"]),
            ends=tuple(float(at) for at in document["ends"]),
            retreat=Retreat(str(retreat["reason"]), str(retreat["message"])) if retreat else None,
            fallback_unfit=bool(document["fallbackUnfit"]),
        )
        version, running = document["version"], bool(document["running"])
        record = Record(str(document["revision"]), str(document["boot"]), running, course)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"no record: {error!r}") from error
    if version != _VERSION:
        raise RecordError(f"a record of version {version!r}")
    return record


def taken_up(record: Record | None, revision: str, boot: str) -> tuple[Course, bool]:
    """The course as a new container begins with it. Pure.

    Returns:
        The course, and whether the container before ended without a word in this same boot: as
        one does whose every process the kernel ends for want of memory.
    """
    if record is None or record.revision != revision:
        return Course(), False
    if record.boot != boot:
        return replace(record.course, ends=()), False
    return record.course, record.running


class RecordFile:
    """The file of one Pod."""

    def __init__(self, directory: Path | None) -> None:
        """Nothing is read yet.

        Args:
            directory: Of the file; None: nothing is kept, and a new container knows nothing.
        """
        self._file = directory / _NAME if directory else None

    def read(self) -> Record | None:
        """What is known; None if nothing is.

        Raises:
            RecordError: The file is damaged.
            OSError: It cannot be read.
        """
        if self._file is None:
            return None
        try:
            return decode(self._file.read_bytes())
        except FileNotFoundError:
            return None

    def write(self, record: Record) -> None:
        """Put this in the place of what was known, in one step.

        Raises:
            OSError: The file is as it was.
        """
        if self._file is not None:
            replace_file(self._file, encode(record))
