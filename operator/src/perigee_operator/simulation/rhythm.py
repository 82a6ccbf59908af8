"""The rhythm of heartbeats after a whole run of them."""

import math
from typing import Final

from perigee_operator.domain.liveness.phi import MEMORY, PRIOR, Rhythm, heard

_FADES: Final = 1 - 1 / MEMORY


def after_run(rhythm: Rhythm, intervals: int, mean_s: float, deviation_s: float) -> Rhythm:
    """As `heard` for each of so many intervals, of which mean and deviation are known.

    Once as many have been seen as are remembered, all that is needed are the sums: in which order
    they came makes no difference that matters.
    """
    learning = min(intervals, max(0, MEMORY - PRIOR - 1 - rhythm.samples))
    for number in range(learning):
        aside_s = deviation_s if number % 2 else -deviation_s
        rhythm = heard(rhythm, mean_s + aside_s)
    rest = intervals - learning
    if not rest:
        return rhythm
    old = _FADES**rest
    new = 1 - old
    variance = (
        old * rhythm.deviation_s**2
        + new * deviation_s**2
        + old * new * (mean_s - rhythm.mean_s) ** 2
    )
    return Rhythm(
        planned_s=rhythm.planned_s,
        mean_s=old * rhythm.mean_s + new * mean_s,
        deviation_s=math.sqrt(variance),
        samples=min(rhythm.samples + rest, MEMORY),
    )
