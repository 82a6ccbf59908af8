"""What disturbs latencies and errors in a simulated fleet."""

from dataclasses import dataclass, replace
from typing import Final

ORBIT_S: Final = 5700.0
DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class World:
    """A fleet in which a candidate and its stable revision serve.

    Deviations are of the logarithm of latency, so that 0.05 is 5 %.
    """

    satellites: int = 5
    blocks: int = 100
    """A satellite."""
    block_s: float = 60
    requests: tuple[int, int] = (100, 100)
    """A block: to the candidate, to the stable revision."""
    spread: float = 0.2
    """How unequal satellites are in speed: lasting."""
    noise: float = 0.3
    """Of a request: log-normal."""
    request_memory: float = 0.9
    """Correlation of a request's noise with that of the one before, over the bounds of blocks."""
    common: float = 0.05
    """What slows a satellite down in a block, both revisions alike."""
    own: float = 0.02
    """What slows one revision down in a block, and not the other."""
    block_memory: float = 0.9
    """Correlation of both with those of the block before."""
    orbit_swing: float = 0.08
    """Amplitude: hot in the sun, cool in the shadow."""
    day_swing: float = 0.04
    days_before: float = 2
    """That the stable revision has served, where the candidate comes after it."""
    errors: float = 0.0005
    burst: float = 2
    """Errors that come in a row, on average."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """How the candidate differs from the stable revision."""

    slowdown: float = 0
    slow_tail: float = 0
    """Share of its requests that take three times as long."""
    errors: float | None = None
    """Its share of errors, if another than the stable revision's."""
    from_block: int = 0
    """Until then it behaves like the stable revision."""


SAME: Final = Candidate()
UNEQUAL: Final = World()

BEFORE_AFTER: Final = replace(UNEQUAL, blocks=180, block_s=480, requests=(100, 100))
"""Blocks as long as the parts of an orbit: 180 are a day."""
