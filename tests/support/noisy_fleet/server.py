"""Servers of one revision on many satellites at once: latencies and errors, block by block."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from noisy_fleet.world import DAY_S, ORBIT_S, Candidate, World
from perigee_api.buckets import LATENCY, PER_OCTAVE

BASE_S = 0.02
"""The latency that all scatter about."""
SLOW = 3.0
"""How many times as long a request of a slow tail takes."""

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Machines:
    """What slows satellites down, whichever revision serves."""

    world: World
    random: np.random.Generator
    machines: int
    speed: Floats = field(init=False)
    phase: Floats = field(init=False)
    state: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.speed = self.random.normal(0, self.world.spread, self.machines)
        self.phase = self.random.uniform(0, 2 * np.pi, self.machines)
        self.state = self.random.normal(0, self.world.common, self.machines)

    def next(self, block: int) -> Floats:
        """The logarithm of how slow each satellite is in a block; to be asked one by one."""
        world = self.world
        self.state = ar_step(self.state, world.block_memory, world.common, self.random)
        turn = 2 * np.pi * block * world.block_s
        swing = world.orbit_swing * np.sin(turn / ORBIT_S + self.phase)
        day = world.day_swing * np.sin(turn / DAY_S + self.phase)
        return self.speed + self.state + swing + day


@dataclass(slots=True)
class Servers:
    """One revision on all satellites."""

    world: World
    random: np.random.Generator
    machines: int
    own: Floats = field(init=False)
    memory: Floats = field(init=False)
    failing: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.own = self.random.normal(0, self.world.own, self.machines)
        self.memory = self.random.normal(0, 1, self.machines)
        self.failing = np.zeros(self.machines, dtype=bool)

    def serve(self, slow: Floats, requests: int, differing: Candidate) -> tuple[Counts, Counts]:
        """Errors, and latencies in buckets, of one block: [machines], [machines, buckets]."""
        world = self.world
        self.own = ar_step(self.own, world.block_memory, world.own, self.random)
        noise = self._noise(requests)
        failed = self._failed(requests, differing)
        logs = np.log(BASE_S) + slow + self.own + np.log1p(differing.slowdown) + world.noise * noise
        if differing.slow_tail:
            logs += np.log(SLOW) * (self.random.random(logs.shape) < differing.slow_tail)
        index = np.clip(np.ceil(PER_OCTAVE * (logs / np.log(2) + 11)), 0, len(LATENCY) - 1)
        flat = index.astype(np.int64) + np.arange(self.machines) * len(LATENCY)
        counts = np.bincount(flat[~failed], minlength=self.machines * len(LATENCY))
        return failed.sum(axis=0), counts.reshape(self.machines, len(LATENCY))

    def _noise(self, requests: int) -> Floats:
        """[requests, machines], of deviation 1."""
        noise = np.empty((requests, self.machines))
        for each in range(requests):
            self.memory = ar_step(self.memory, self.world.request_memory, 1, self.random)
            noise[each] = self.memory
        return noise

    def _failed(self, requests: int, differing: Candidate) -> Flags:
        """[requests, machines]: errors begin at random and go on for a while."""
        share = self.world.errors if differing.errors is None else differing.errors
        begins = share / (self.world.burst * (1 - share)) if share < 1 else 1
        goes_on = 1 - 1 / self.world.burst
        failed = np.empty((requests, self.machines), dtype=bool)
        chance = self.random.random(failed.shape)
        for each in range(requests):
            self.failing = chance[each] < np.where(self.failing, goes_on, begins)
            failed[each] = self.failing
        return failed


def ar_step(state: Floats, memory: float, deviation: float, random: np.random.Generator) -> Floats:
    """The next state of a process that forgets and stays as wide as it is."""
    fresh = random.normal(0, 1, state.shape)
    after: Floats = memory * state + np.sqrt(1 - memory**2) * deviation * fresh
    return after
