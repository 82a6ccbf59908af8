"""What a satellite and the ground tell each other in the annotations of its heartbeat Lease.

The agent renews its Lease with one PATCH that carries a `Report`; the answer to that PATCH brings
back the `Assignment` that the operator wrote. So one small request a heartbeat does for both ways,
and an agent needs no watch and no right to read anything but its own Lease.
"""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from perigee_api.message import Message, Sentence
from perigee_api.served import MAX_SERVED, ServedBlock

MAX_REPORT_BYTES: Final = 16 * 1024
"""A larger report is refused by the agent that would send it and ignored by the ground."""

MAX_ROLLED_BACK: Final = 8
"""Pods of which a report says that they have gone back; more are left out."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ArtifactState(StrEnum):
    """How far a satellite has come with an artifact."""

    FETCHING = "Fetching"
    VERIFIED = "Verified"
    FAILED = "Failed"


class ArtifactReport(Message):
    """One artifact as the satellite holds it."""

    state: ArtifactState
    fetched_bytes: int = Field(default=0, ge=0)
    reason: str | None = Field(default=None, max_length=64)
    """Why it failed, in CamelCase: ``DigestMismatch``, ``SizeMismatch``, ``NotFound``…"""
    message: Annotated[Sentence, Field(max_length=300)] | None = None
    """What failed, as a sentence for a person."""
    uri: str | None = None
    """Where the satellite tried to fetch it from; only of one that failed.

    A file may be right under another address, so a failure speaks of this one alone.
    """


class Telemetry(Message):
    """What the satellite measures of itself; anything may be missing."""

    memory_total_mib: int | None = Field(default=None, ge=0)
    memory_available_mib: int | None = Field(default=None, ge=0)
    disk_free_mib: int | None = Field(default=None, ge=0)
    load1: float | None = Field(default=None, ge=0)
    temperature_c: float | None = None
    battery_percent: float | None = Field(default=None, ge=0, le=100)
    lowest_battery_percent: float | None = Field(default=None, ge=0, le=100)
    """Of the last orbit or more, what was measured in the dark included."""
    highest_temperature_c: float | None = None
    """Of the same time."""
    boot_id: str | None = Field(default=None, max_length=36)
    uptime_s: int | None = Field(default=None, ge=0)


class RolledBack(Message):
    """A Pod that has gone back on board: what answers in it is not its own revision."""

    pod: str = Field(max_length=64)
    """Its uid."""
    model: str = Field(max_length=320)
    """``<namespace>/<name>``."""
    failed: str = Field(max_length=64)
    """The Pod's own revision."""
    revision: str = Field(max_length=64)
    """That answers instead: the one that was stable when the failed one was introduced."""
    reason: str = Field(max_length=64)
    """In CamelCase: ``CrashLoop``, ``GoldenSetFailed``, ``ErrorShare``…"""
    message: Sentence = Field(max_length=300)
    """The evidence, as a sentence for a person."""


class Report(Message):
    """What the agent tells the ground with every heartbeat."""

    version: int = 1
    sequence: int = Field(ge=0)
    """Counts heartbeats since the agent started."""
    epoch: int = Field(default=0, ge=0)
    """The epoch of the assignment that the agent acts on."""
    heartbeat_interval_s: float | None = Field(default=None, gt=0)
    """The interval that the agent keeps to at present."""
    artifacts: dict[Sha256, ArtifactReport] = Field(default_factory=dict, max_length=64)
    rolled_back: tuple[RolledBack, ...] | None = Field(default=None, max_length=MAX_ROLLED_BACK)
    """Absent where no Pod has gone back."""
    telemetry: Telemetry = Telemetry()
    served: tuple[ServedBlock, ...] | None = Field(default=None, max_length=MAX_SERVED)
    """What was counted and the ground may not know of yet, the oldest first; absent where there is
    nothing. Each stands in a few heartbeats: by pod, run and sequence it is told what is new."""


class AssignedArtifact(Message):
    """An artifact that a satellite is to keep on board, complete and verified."""

    sha256: Sha256
    uri: str
    size: int = Field(gt=0)
    """Bytes."""


class Assignment(Message):
    """What the ground wants of a satellite."""

    version: int = 1
    epoch: int = Field(default=0, ge=0)
    heartbeat_interval_s: float = Field(default=10, gt=0)
    artifacts: tuple[AssignedArtifact, ...] = ()
    """In order of urgency; each is pinned in the cache for as long as it stands here."""
    ahead: tuple[Sha256, ...] | None = None
    """Of these artifacts those that are fetched ahead of their turn, by digest: what they are for
    has not begun on the satellite. For the ground, which reads it back; agents make no difference.
    Absent where there are none."""
    orbit_period_s: int | None = Field(default=None, gt=0)
    """Of a revolution: what the satellite counts is compared part by part of it. Absent where it
    has no elements; then by the part of the day."""
