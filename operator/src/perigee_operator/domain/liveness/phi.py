"""How suspicious a silence is: the phi-accrual failure detector.

Source: N. Hayashibara, X. Défago, R. Yared, T. Katayama: The phi accrual failure detector, SRDS
2004. Suspicion after a silence of t seconds is phi(t) = -log10(P(an interval is longer than t)),
where intervals are taken to be normally distributed with the mean and deviation seen so far.
Here all seconds are seconds of contact: the clock stands still while nothing can be heard.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MEMORY: Final = 100
"""Intervals after which an old one has lost its weight."""
PRIOR: Final = 5
"""As many intervals as planned are taken for seen before the first has been."""
PRIOR_DEVIATION: Final = 0.25
"""Of the mean, until intervals have been seen."""
LEAST_DEVIATION: Final = 0.1
"""Of the mean: however even the heartbeats, the next may be late."""
LONGEST: Final = 10
"""Planned intervals that an interval may count as: an outage says nothing of the rhythm."""

_PRECISION: Final = 1e-6
_FAR: Final = 25.0
"""Deviations from which the tail of the distribution is too thin for erfc."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How heartbeats come, in seconds of contact from one to the next."""

    planned_s: float
    """The interval that the agent keeps to."""
    mean_s: float
    deviation_s: float
    samples: int = 0

    def silence_s(self, threshold: float) -> float:
        """The silence after which suspicion reaches a threshold."""
        return self.mean_s + deviations_at(threshold) * self._deviation_s

    def phi(self, silent_s: float) -> float:
        """Suspicion after a silence: never less for a longer one."""
        return phi_at((silent_s - self.mean_s) / self._deviation_s)

    @property
    def _deviation_s(self) -> float:
        return max(self.deviation_s, LEAST_DEVIATION * self.mean_s)


def planned(interval_s: float) -> Rhythm:
    """The rhythm of an agent that has not been heard twice."""
    return Rhythm(interval_s, interval_s, PRIOR_DEVIATION * interval_s)


def heard(rhythm: Rhythm, interval_s: float) -> Rhythm:
    """The rhythm after one more interval: mean and variance with weights that fade.

    Source: T. Finch, Incremental calculation of weighted mean and variance, 2009, section 9.
    """
    interval_s = min(interval_s, LONGEST * rhythm.planned_s)
    weight = 1 / min(MEMORY, PRIOR + rhythm.samples + 1)
    difference = interval_s - rhythm.mean_s
    step = weight * difference
    variance = (1 - weight) * (rhythm.deviation_s**2 + difference * step)
    samples = min(rhythm.samples + 1, MEMORY)
    return Rhythm(rhythm.planned_s, rhythm.mean_s + step, math.sqrt(variance), samples)


def phi_at(deviations: float) -> float:
    """Suspicion where a silence is so many deviations longer than the mean."""
    if deviations < _FAR:
        return -math.log10(0.5 * math.erfc(deviations / math.sqrt(2)))
    # The tail's asymptote: Q(x) is about exp(-x²/2) / (x sqrt(2 pi)).
    return (deviations**2 / 2 + math.log(deviations * math.sqrt(2 * math.pi))) / math.log(10)


@lru_cache(maxsize=256)
def deviations_at(threshold: float) -> float:
    """The inverse of `phi_at`, by bisection."""
    low, high = -10.0, 2.0
    while phi_at(high) < threshold:
        high *= 2
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (middle, high) if phi_at(middle) < threshold else (low, middle)
    return high
