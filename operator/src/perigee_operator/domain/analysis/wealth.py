"""Evidence that may be looked at as often as one likes: the wealth of somebody who bets.

Who bets against a hypothesis with fair odds does not grow rich if it is true: the wealth is a
supermartingale that begins at one, and the chance that it ever reaches 1 / alpha is at most alpha
(J. Ville: Étude critique de la notion de collectif, 1939). So a verdict "once the wealth has
reached 1 / alpha" raises a false alarm at most alpha of the time over all looks together, however
many. Source of testing by betting: G. Shafer: Testing by betting, JRSS A 184, 2021; for bounded
means: I. Waudby-Smith, A. Ramdas: Estimating means of bounded random variables by betting, JRSS B
86, 2024.

How much to bet depends on how wrong the hypothesis is, which nobody knows, and a candidate may turn
bad late. So the wealth is parted evenly among several bettors, each with a stake of its own, one of
whom stakes nothing. After the block t each gives the share 1 / (t + 100) of what he has to be
parted evenly among all: so the reserve lends to those who have lost, and a candidate that turns bad
after a long good time is found nearly as soon as one that was bad from the start. Parting wealth
anew makes nobody richer, so all of that is fair still. Source: M. Herbster, M. Warmuth: Tracking
the best expert, Machine Learning 32, 1998; with a share that declines: W. Koolen, S. de Rooij:
Combining expert advice efficiently, COLT 2008.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_OF_A_BLOCK: Final = math.log(4)
"""The logarithm of the most by which one block multiplies a wealth, however bad it was.

Cutting a win off is always allowed. It keeps a single burst of errors from deciding: a chance of
1 : 300 takes five blocks at least.
"""


PATIENCE: Final = 100
"""Blocks for which little is parted anew."""


@dataclass(frozen=True, slots=True)
class Wealth:
    """What bettors against one hypothesis own, as natural logarithms."""

    logs: tuple[float, ...]
    """A bettor an entry."""
    blocks: int = 0
    peak: float = 0
    """The highest that the wealth of all has been."""

    @property
    def log(self) -> float:
        """The wealth of all, who began with one."""
        return _mean(self.logs)

    def after(self, wins: Sequence[float]) -> "Wealth":
        """The wealth after one more block.

        Args:
            wins: the logarithm of what the block multiplies each bettor's wealth by.
        """
        won = [log + min(win, MOST_OF_A_BLOCK) for log, win in zip(self.logs, wins, strict=True)]
        mean, blocks = _mean(won), self.blocks + 1
        given = 1 / (blocks + PATIENCE)
        kept, shared = math.log1p(-given), math.log(given) + mean
        return Wealth(tuple(_sum(log + kept, shared) for log in won), blocks, max(self.peak, mean))

    def has_reached(self, alpha: float) -> bool:
        """Whether the hypothesis was refuted at some time, with alpha the risk of an error."""
        return self.peak >= -math.log(alpha)


def initial(bettors: int) -> Wealth:
    """The wealth before the first block."""
    return Wealth((0.0,) * bettors)


def _mean(logs: Sequence[float]) -> float:
    """The logarithm of the mean of what these are the logarithms of."""
    most = max(logs)
    return most + math.log(sum(math.exp(each - most) for each in logs) / len(logs))


def _sum(one: float, other: float) -> float:
    """The logarithm of the sum of what these two are the logarithms of."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other)))
