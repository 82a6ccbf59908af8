"""How the writes of a plan went."""

from dataclasses import dataclass
from enum import StrEnum

from perigee_operator.domain.writes import Write


class Result(StrEnum):
    """How a write went."""

    DONE = "Done"
    UNCHANGED = "Unchanged"
    """All was as wanted, and nothing was written."""
    SKIPPED = "Skipped"
    """The operator only observes."""
    REFUSED = "Refused"
    UNREACHABLE = "Unreachable"


@dataclass(frozen=True, slots=True)
class Failure:
    """The write that ended a track, and why."""

    write: Write
    error: str
    """A sentence with the server's own words."""
    status: int | None
    """HTTP status code; None where no answer came, so that it is unknown whether it was done."""
    name_taken: bool = False
    """Somebody else's object has the name: only a human can help."""


@dataclass(frozen=True, slots=True)
class TrackOutcome:
    """How a track went."""

    track: str
    """Its name."""
    done: int
    """Writes done, those included where nothing was to change."""
    skipped: tuple[Write, ...] = ()
    """Left out, since the operator only observes."""
    failure: Failure | None = None
    """None where the track went through to its end."""
