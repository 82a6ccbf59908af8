"""What a server tells the agent on the same satellite of the requests that it has answered."""

from typing import Annotated

from pydantic import Field

from perigee_api.features import FeaturesCounts
from perigee_api.message import Message
from perigee_api.served import Counts, ShadowCounts, Word


class CountedBlock(Message):
    """What a server counted in one span of time: one datagram."""

    model: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,253}/[0-9A-Za-z._-]{1,253}$")]
    """``<namespace>/<name>``."""
    pod: Word
    """Uid."""
    revision: Word
    run: Word
    """Of the server: a random name."""
    sequence: int = Field(ge=0)
    """Counts the run's blocks, from zero."""
    ended_s: float
    """On the kernel's monotonic clock, which all processes on a satellite share."""
    lasted_s: float = Field(ge=0)
    counts: Counts
    shadow: ShadowCounts | None = None
    """Absent where there was no candidate to hand requests on to."""
    features: FeaturesCounts | None = None
    """Absent where there is no golden set to compare with."""

    @property
    def key(self) -> tuple[str, str, int]:
        """No two blocks of a satellite have the same."""
        return self.pod, self.run, self.sequence
