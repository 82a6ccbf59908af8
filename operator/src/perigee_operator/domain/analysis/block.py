"""Blocks: what two revisions did on one satellite in the same span of time.

Latencies of neighbouring requests are alike, so a request is no unit of evidence. A block is one:
it lasts for a while. Servers cut theirs on board, by the clock alone, so that it does not matter
how often a satellite reports, nor how long it is in the dark.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from perigee_operator.domain.analysis.tally import Tally


class Pairing(Enum):
    """How two revisions come to be compared."""

    SIDE_BY_SIDE = "side by side"
    """Both serve at the same time: whatever slows the satellite down slows both."""
    BEFORE_AFTER = "before and after"
    """One after the other; what has changed in between is taken for the candidate's doing."""


@dataclass(frozen=True, slots=True)
class Block:
    """What two revisions did on one satellite."""

    satellite: str
    start: datetime
    candidate: Tally
    stable: Tally
    pairing: Pairing = Pairing.SIDE_BY_SIDE
