"""Blocks: what two revisions did on one satellite in the same span of time.

Latencies of neighbouring requests are alike, so a request is no unit of evidence. A block is one:
it lasts for a while and has some requests of each revision. Reports are added up until they make
a block, so that it does not matter how often a satellite reports.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from perigee_operator.domain.analysis.tally import NOTHING, Tally


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


@dataclass(frozen=True, slots=True)
class BlockSize:
    """From when on what was reported makes a block: nothing that depends on how good it was."""

    requests: int = 50
    """Of each revision."""
    duration_s: float = 60
    """Several times as long as a disturbance of one revision alone lasts."""


ORDINARY: Final = BlockSize()


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reports of a satellite that do not make a block yet."""

    satellite: str
    start: datetime
    candidate: Tally = NOTHING
    stable: Tally = NOTHING

    def with_report(
        self, until: datetime, candidate: Tally, stable: Tally, size: BlockSize = ORDINARY
    ) -> tuple["Gathering", Block | None]:
        """Adds what was counted since the last report; gives a block when there is one.

        Args:
            until: when what was counted ends; the next block begins there.
            candidate: counted of the candidate since the last report.
            stable: counted of the stable revision in the same time.
            size: what makes a block.
        """
        whole = replace(self, candidate=self.candidate + candidate, stable=self.stable + stable)
        fewest = min(whole.candidate.requests, whole.stable.requests)
        lasted_s = (until - self.start).total_seconds()
        if fewest < size.requests or lasted_s < size.duration_s:
            return whole, None
        block = Block(self.satellite, self.start, whole.candidate, whole.stable)
        return Gathering(self.satellite, until), block
