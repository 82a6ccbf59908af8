"""What a bare test of Mann and Whitney would say: all latencies in one pot, looked at often."""

from typing import Final

import numpy as np

from noisy_fleet.server import Counts, Floats, Machines, Servers
from noisy_fleet.world import SAME, World
from perigee_api.buckets import LATENCY

LOOKS: Final = 20
CRITICAL: Final = 2.3263
"""Standard deviations: p < 0.01, one-sided."""


def false_aborts(world: World, runs: int, seed: int) -> int:
    """Rollouts of a candidate that is the same, given up at one of the looks."""
    random = np.random.default_rng(seed)
    count = runs * world.satellites
    machines = Machines(world, random, count)
    stable, fresh = Servers(world, random, count), Servers(world, random, count)
    own: Counts = np.zeros((runs, len(LATENCY)), dtype=np.int64)
    other = own.copy()
    aborted = np.zeros(runs, dtype=bool)
    for block in range(world.blocks):
        slow = machines.next(block)
        own += _of_runs(fresh.serve(slow, world.requests[0], SAME)[1], runs)
        other += _of_runs(stable.serve(slow, world.requests[1], SAME)[1], runs)
        if (block + 1) % (world.blocks // LOOKS) == 0:
            aborted |= _deviations(own, other) > CRITICAL
    return int(aborted.sum())


def _of_runs(counts: Counts, runs: int) -> Counts:
    summed: Counts = counts.reshape(runs, -1, len(LATENCY)).sum(axis=1)
    return summed


def _deviations(own: Counts, other: Counts) -> Floats:
    """How many standard deviations the candidate is slower; ties corrected for."""
    n, m = own.sum(axis=1), other.sum(axis=1)
    below = np.cumsum(other, axis=1) - other
    share = (own * (below + other / 2)).sum(axis=1) / (n * m)
    tied = ((own + other).astype(float) ** 3 - (own + other)).sum(axis=1)
    variance = (n + m + 1 - tied / ((n + m) * (n + m - 1.0))) / (12.0 * n * m)
    deviations: Floats = (share - 0.5) / np.sqrt(variance)
    return deviations
