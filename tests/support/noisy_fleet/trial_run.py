"""Whole rollouts in a noisy fleet, judged after every block."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from noisy_fleet.server import Counts, Machines, Servers
from noisy_fleet.world import ORBIT_S, SAME, Candidate, World
from perigee_api.buckets import LATENCY
from perigee_api.served import Counts as ToldCounts
from perigee_edge.counted import CountedBlock
from perigee_edge.report.baseline import Baseline
from perigee_edge.report.baseline import compared as paired
from perigee_operator.domain.analysis.block import Block, Pairing
from perigee_operator.domain.analysis.comparison import (
    ORDINARY,
    Aspect,
    Comparison,
    Outcome,
    Rules,
    begun,
    compared,
    outcome,
    verdict,
)
from perigee_operator.domain.analysis.histogram import Histogram
from perigee_operator.domain.analysis.tally import Tally, tally_of

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Run:
    """How one rollout went; blocks are those of all its satellites together."""

    comparison: Comparison
    blocks: int = 0
    aborted_at: int | None = None
    passed_at: int | None = None
    blamed: set[Aspect] = field(default_factory=set)

    def judge(self, block: Block, rules: Rules) -> None:
        """Looks at the evidence after one more block."""
        self.blocks += 1
        self.comparison = compared(self.comparison, block, rules)
        found = verdict(self.comparison, rules)
        if found is Outcome.WORSE and self.aborted_at is None:
            self.aborted_at = self.blocks
            self.blamed = {
                each
                for each in rules.aspects
                if outcome(self.comparison, each, rules) is Outcome.WORSE
            }
        if found is Outcome.NOT_WORSE and self.passed_at is None:
            self.passed_at = self.blocks


def side_by_side(
    world: World, candidate: Candidate, runs: int, seed: int, rules: Rules = ORDINARY
) -> list[Run]:
    """Rollouts in which both revisions serve on each satellite at the same time.

    A run ends when it is aborted, as a rollout does.
    """
    found = [Run(begun(rules)) for _ in range(runs)]
    for blocks in blocks_side_by_side(world, candidate, runs, seed):
        for run, block in zip(_each(found, world.satellites), blocks, strict=True):
            if run.aborted_at is None:
                run.judge(block, rules)
    return found


def before_and_after(
    world: World, candidate: Candidate, runs: int, seed: int, rules: Rules = ORDINARY
) -> list[Run]:
    """Rollouts in which the candidate takes the place of the stable revision."""
    random = np.random.default_rng(seed)
    count = runs * world.satellites
    machines = Machines(world, random, count)
    stable, fresh = Servers(world, random, count), Servers(world, random, count)
    baselines: list[tuple[Baseline, ...]] = [()] * count
    before = round(world.days_before * 86_400 / world.block_s)
    for block in range(before):
        errors, latencies = stable.serve(machines.next(block), world.requests[1], SAME)
        for each in range(count):
            told = _told(world, block, "stable", errors[each], latencies[each])
            baselines[each], _ = paired(baselines[each], told, *_begun(world, block))
    found = [Run(begun(rules)) for _ in range(runs)]
    for block in range(before, before + world.blocks):
        errors, latencies = fresh.serve(machines.next(block), world.requests[0], candidate)
        for each, run in enumerate(_each(found, world.satellites)):
            told = _told(world, block, "candidate", errors[each], latencies[each])
            baselines[each], beside = paired(baselines[each], told, *_begun(world, block))
            if run.aborted_at is None and beside is not None:
                run.judge(_pair(world, block, each, told.counts, beside.counts), rules)
    return found


def blocks_side_by_side(
    world: World, candidate: Candidate, runs: int, seed: int
) -> Iterator[list[Block]]:
    """The blocks of all satellites of all runs, a span of time after the other."""
    random = np.random.default_rng(seed)
    count = runs * world.satellites
    machines = Machines(world, random, count)
    stable, fresh = Servers(world, random, count), Servers(world, random, count)
    for block in range(world.blocks):
        slow = machines.next(block)
        differing = candidate if block >= candidate.from_block else SAME
        own_errors, own = fresh.serve(slow, world.requests[0], differing)
        errors, latencies = stable.serve(slow, world.requests[1], SAME)
        yield [
            Block(
                _name(each),
                _moment(world, block),
                _tally(world.requests[0], own_errors[each], own[each]),
                _tally(world.requests[1], errors[each], latencies[each]),
            )
            for each in range(count)
        ]


def _each(runs: list[Run], satellites: int) -> Iterator[Run]:
    """Each run as often as it has satellites."""
    return (run for run in runs for _ in range(satellites))


def _tally(requests: int, errors: np.int64, latencies: Counts) -> Tally:
    return Tally(requests, int(errors), Histogram(LATENCY, tuple(latencies.tolist())))


def _told(
    world: World, block: int, revision: str, errors: np.int64, latencies: Counts
) -> CountedBlock:
    """What the satellite's server tells its agent."""
    latency = {int(each): int(latencies[each]) for each in np.flatnonzero(latencies)}
    return CountedBlock(
        model="default/m",
        pod=revision,
        revision=revision,
        run="1",
        sequence=block,
        ended_s=0,
        lasted_s=world.block_s,
        counts=ToldCounts(errors=int(errors), latency=latency),
    )


def _begun(world: World, block: int) -> tuple[float, int]:
    """When a block began, in seconds since the first one did, and the period of the orbit."""
    return block * world.block_s, round(ORBIT_S)


def _pair(world: World, block: int, each: int, own: ToldCounts, other: ToldCounts) -> Block:
    moment = _moment(world, block)
    return Block(_name(each), moment, tally_of(own), tally_of(other), Pairing.BEFORE_AFTER)


def _moment(world: World, block: int) -> datetime:
    return START + timedelta(seconds=block * world.block_s)


def _name(each: int) -> str:
    return f"sat-{each}"
