"""What a satellite counts of the requests that its models answer.

Counts, never samples. A server cuts what it counts into blocks: requests of one revision in one
span of time. Beside a block stands, if there was one, what the revision before counted on the same
satellite in the same part of its orbit: so candidate and stable revision are compared within a
satellite, however different satellites are, and the ground has to remember neither.
"""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from perigee_api.buckets import LATENCY
from perigee_api.features import FeaturesCounts
from perigee_api.message import Message

MAX_SERVED: Final = 16
"""Blocks in one report; more wait for the next ones."""

MAX_SERVED_BYTES: Final = 7 * 1024
"""Of all blocks in one report: the largest block there can be has less."""

_MOST: Final = 10**12

_Count = Annotated[int, Field(gt=0, le=_MOST)]
_Bucket = Annotated[int, Field(ge=0, lt=len(LATENCY))]
Word = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
"""A uid, a revision, or a random name: nothing of which JSON would make more than there is."""


class Counts(Message):
    """Requests of one revision on one satellite.

    What clients did wrong (4xx) and what was shed (429, 503) is none.
    """

    errors: int = Field(default=0, ge=0, le=_MOST)
    """Requests that the model failed (500)."""
    latency: dict[_Bucket, _Count] = Field(default_factory=dict)
    """Of those that got their outputs: how many fell into each bucket of `LATENCY`, by its index;
    buckets without any are left out. Errors are quick, and would make a bad revision look fast."""

    @property
    def requests(self) -> int:
        """All that were answered, errors included."""
        return self.errors + sum(self.latency.values())

    def plus(self, other: "Counts") -> "Counts":
        """Both together, as far as a count reaches."""
        latency = dict(self.latency)
        for bucket, count in other.latency.items():
            latency[bucket] = min(latency.get(bucket, 0) + count, _MOST)
        return Counts(errors=min(self.errors + other.errors, _MOST), latency=latency)


class ShadowCounts(Message):
    """Requests that were to be handed on to a candidate on the same satellite."""

    candidate: Word
    """Its revision."""
    compared: int = Field(default=0, ge=0, le=_MOST)
    """Answered by both."""
    agreed: int = Field(default=0, ge=0, le=_MOST)
    """Of these, those whose answers agree."""
    failed: int = Field(default=0, ge=0, le=_MOST)
    """That the candidate did not answer."""
    dropped: int = Field(default=0, ge=0, le=_MOST)
    """For which there was no time, or that gave way to a request."""

    @model_validator(mode="after")
    def _agreed_are_compared(self) -> Self:
        if self.agreed > self.compared:
            raise ValueError("more answers agree than were compared")
        return self


class Before(Message):
    """What another revision counted on the satellite before, in the same part of the orbit."""

    revision: Word
    counts: Counts


class ServedBlock(Message):
    """What one revision counted in one span of time."""

    pod: Word
    """Uid of the Pod that it served in."""
    revision: Word
    """That answered: after the board went back not the Pod's own."""
    run: Word
    """Names the run of the server: another one counts its blocks from zero again."""
    sequence: int = Field(ge=0)
    """Number of the block within the run."""
    age_s: int = Field(ge=0)
    """Seconds since it ended, when the report was made."""
    lasted_s: int = Field(ge=0)
    counts: Counts
    before: Before | None = None
    """Absent where nothing served there before, or too little to compare with."""
    shadow: ShadowCounts | None = None
    """Absent where there was no candidate to hand requests on to."""
    features: FeaturesCounts | None = None
    """Absent where there is no golden set to compare with."""

    def aged(self, age_s: float) -> Self:
        """The same block, told later."""
        return self.model_copy(update={"age_s": max(0, int(age_s))})
