"""How often an analysis gives up a good candidate, and how soon a bad one.

Simulates whole rollouts in fleets that disturb the comparison and judges them after every block.
Prints tables for docs/analysis.md; the figures depend on the seed alone.

    PYTHONPATH=tests/support python tests/perf/analysis.py [--runs N --seed S]
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import typer

from noisy_fleet import mann_whitney
from noisy_fleet.trial_run import Run, before_and_after, side_by_side
from noisy_fleet.world import BEFORE_AFTER, SAME, UNEQUAL, Candidate, World
from perigee_operator.domain.analysis.ranks import slowdown

QUIET: Final = replace(
    UNEQUAL, request_memory=0, spread=0.05, common=0, own=0, orbit_swing=0, day_swing=0
)
APART: Final = replace(QUIET, own=0.05, block_memory=1.0)
EVEN: Final = replace(UNEQUAL, noise=0.05)

WORLDS: Final[Mapping[str, World]] = {
    "nothing but the noise of requests": QUIET,
    "the two differ by a lasting 5 % each on every satellite": APART,
    "all disturbances, 5 % spread": replace(UNEQUAL, spread=0.05),
    "all disturbances, 20 % spread": UNEQUAL,
    "and even latencies (5 % noise)": EVEN,
    "and disturbances of one revision alone of 5 %": replace(EVEN, own=0.05),
    "and disturbances of one revision alone of 8 %": replace(EVEN, own=0.08),
    "and errors in rows of 10": replace(UNEQUAL, burst=10),
    "and 1 request in 10 to the candidate": replace(UNEQUAL, requests=(50, 450)),
    "one satellite": replace(UNEQUAL, satellites=1, blocks=500),
    "20 satellites": replace(UNEQUAL, satellites=20),
}
BEFORE: Final[Mapping[str, World]] = {
    "before and after": BEFORE_AFTER,
    "and even latencies (5 % noise)": replace(BEFORE_AFTER, noise=0.05),
    "and a swing of 16 % over the day": replace(BEFORE_AFTER, noise=0.05, day_swing=0.16),
    "and disturbances of the satellite of 10 %": replace(BEFORE_AFTER, noise=0.05, common=0.1),
}
BAD: Final[Mapping[str, tuple[World, Candidate]]] = {
    "1 % errors": (UNEQUAL, Candidate(errors=0.01)),
    "1 % errors, rows of 10": (replace(UNEQUAL, burst=10), Candidate(errors=0.01)),
    "1 % errors, 1 request in 4": (replace(UNEQUAL, requests=(50, 150)), Candidate(errors=0.01)),
    "5 % errors": (UNEQUAL, Candidate(errors=0.05)),
    "20 % slower": (UNEQUAL, Candidate(slowdown=0.2)),
    "20 % slower, one satellite": (
        replace(UNEQUAL, satellites=1, blocks=500),
        Candidate(slowdown=0.2),
    ),
    "20 % slower, 1 request in 4": (
        replace(UNEQUAL, requests=(50, 150)),
        Candidate(slowdown=0.2),
    ),
    "20 % slower, requests independent": (
        replace(UNEQUAL, request_memory=0),
        Candidate(slowdown=0.2),
    ),
    "20 % slower, even latencies": (EVEN, Candidate(slowdown=0.2)),
    "20 % slower from block 250 of 500 on": (
        replace(UNEQUAL, blocks=100),
        Candidate(slowdown=0.2, from_block=50),
    ),
    "8 % of answers take three times as long": (UNEQUAL, Candidate(slow_tail=0.08)),
}
BAD_AFTER: Final[Mapping[str, tuple[World, Candidate]]] = {
    "1 % errors": (BEFORE_AFTER, Candidate(errors=0.01)),
    "20 % slower": (BEFORE_AFTER, Candidate(slowdown=0.2)),
    "35 % slower": (BEFORE_AFTER, Candidate(slowdown=0.35)),
    "50 % slower": (BEFORE_AFTER, Candidate(slowdown=0.5)),
}
Simulation = Callable[[World, Candidate, int, int], list[Run]]


def at_most(found: int, runs: int) -> float:
    """The upper end of Wilson's interval for a share: 97.5 % sure."""
    z2 = 1.96**2
    share = found / runs
    wide = 1.96 * math.sqrt(share * (1 - share) / runs + z2 / (4 * runs**2))
    return (share + z2 / (2 * runs) + wide) / (1 + z2 / runs)


def reached(moments: list[int], runs: int, share: float) -> str:
    """The block by which so many of all runs have come to their end."""
    wanted = math.ceil(share * runs)
    return f"{sorted(moments)[wanted - 1]}" if len(moments) >= wanted else "not reached"


def good_row(name: str, runs: list[Run], bare: str) -> str:
    aborted = sum(run.aborted_at is not None for run in runs)
    passed = [run.passed_at for run in runs if run.passed_at is not None]
    return (
        f"| {name} | {len(runs)} | {aborted} ({aborted / len(runs):.2%}) "
        f"| {at_most(aborted, len(runs)):.2%} | {bare} | {len(passed) / len(runs):.1%} "
        f"| {reached(passed, len(runs), 0.5)} | {reached(passed, len(runs), 0.95)} |"
    )


def bad_row(name: str, world: World, candidate: Candidate, runs: list[Run]) -> str:
    before = candidate.from_block * world.satellites
    found = [run.aborted_at - before for run in runs if run.aborted_at is not None]
    passed = sum(run.passed_at is not None and run.aborted_at is None for run in runs)
    by = reached(found, len(runs), 0.95)
    requests = f"{int(by) * world.requests[0]:,}" if by.isdigit() else by
    return (
        f"| {name} | {len(found) / len(runs):.1%} | {passed / len(runs):.1%} "
        f"| {reached(found, len(runs), 0.5)} | {by} | {requests} |"
    )


def good_table(runs: int, seed: int) -> None:
    typer.echo(
        "| identical revisions | rollouts | given up | surely below | Mann-Whitney "
        "| shown to be no worse | after blocks (median) | (95 %) |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for name, world in WORLDS.items():
        bare = f"{mann_whitney.false_aborts(world, runs, seed) / runs:.1%}"
        typer.echo(good_row(name, side_by_side(world, SAME, runs, seed), bare))
    for name, world in BEFORE.items():
        typer.echo(good_row(name, before_and_after(world, SAME, runs, seed), ""))


def boundary_table(runs: int, seed: int) -> None:
    typer.echo(
        "\n| candidate that is worse by just the margin | rollouts | given up | surely below | "
        "| let pass | | |\n|---|---|---|---|---|---|---|---|"
    )
    slower = Candidate(slowdown=slowdown(1))
    failing = Candidate(errors=UNEQUAL.errors + 0.0025)
    for name, candidate in {"9 % slower": slower, "0.25 points more errors": failing}.items():
        typer.echo(good_row(name, side_by_side(UNEQUAL, candidate, runs, seed), ""))


def bad_table(
    title: str,
    cases: Mapping[str, tuple[World, Candidate]],
    simulation: Simulation,
    runs: int,
    seed: int,
) -> None:
    typer.echo(
        f"\n| {title} | given up | let pass | after blocks (median) | (95 %) "
        "| requests to the candidate (95 %) |\n|---|---|---|---|---|---|"
    )
    for name, (world, candidate) in cases.items():
        found = simulation(world, candidate, runs, seed)
        typer.echo(bad_row(name, world, candidate, found))


def main(runs: int = 200, seed: int = 1) -> None:
    """Simulate rollouts of good candidates and of bad ones."""
    good_table(runs, seed)
    boundary_table(runs, seed)
    bad_table("side by side", BAD, side_by_side, runs, seed)
    bad_table("before and after", BAD_AFTER, before_and_after, max(runs // 4, 20), seed)


if __name__ == "__main__":
    typer.run(main)
