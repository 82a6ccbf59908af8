"""What the stable revision did before, where a satellite has no room for two at once.

A satellite is hot in the sun and cool in the shadow, and its clock rate with it. So a candidate's
block is compared with what the stable revision did in the same part of the orbit, added up over
days. On a fixed site the period is the day.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perigee_operator.domain.analysis.block import Block, Pairing
from perigee_operator.domain.analysis.tally import NOTHING, Tally

PARTS: Final = 12
"""Parts of a period: eight minutes each in a low orbit."""
DAY_S: Final = 86_400.0
"""The period of what stands on the ground."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the stable revision did on one satellite, by the part of the orbit."""

    satellite: str
    epoch: datetime
    """Where the first part of some period begins; the same for all that is added."""
    period_s: float = DAY_S
    parts: tuple[Tally, ...] = (NOTHING,) * PARTS

    def part_at(self, moment: datetime) -> int:
        """The part of the orbit that the satellite is in at a moment."""
        phase = (moment - self.epoch).total_seconds() / self.period_s % 1
        return min(int(phase * len(self.parts)), len(self.parts) - 1)

    def with_tally(self, moment: datetime, tally: Tally) -> "Baseline":
        """The baseline and what was counted around a moment, too."""
        part = self.part_at(moment)
        parts = (*self.parts[:part], self.parts[part] + tally, *self.parts[part + 1 :])
        return Baseline(self.satellite, self.epoch, self.period_s, parts)

    def block(self, start: datetime, candidate: Tally) -> Block | None:
        """The candidate's block beside the same part of the orbit before.

        None where the stable revision had fewer requests there than the candidate now: then the
        baseline would be less sure than what is compared with it.
        """
        stable = self.parts[self.part_at(start)]
        if stable.requests < max(1, candidate.requests):
            return None
        return Block(self.satellite, start, candidate, stable, Pairing.BEFORE_AFTER)
