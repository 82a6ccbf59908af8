"""What a sweep of the planner costs in a large fleet in which all is well, or many models roll.

Prints figures and asserts none: they hold for the machine and the minute they were taken on. Times
are the processor's, not the wall clock's. The same plan made without a memory of the last one is
what they are compared with, and it has to be the same.

    PYTHONPATH=tests/support python tests/perf/sweep.py [--satellites N --models M --rolling R]
"""

import cProfile
import gc
import pstats
import statistics
import time
import tracemalloc
from dataclasses import dataclass, field
from typing import Annotated

import typer

from paper_fleet.steady import SteadyFleet
from perigee_operator.domain.memory import Memory
from perigee_operator.domain.plan import plan
from perigee_operator.services.garbage import collect_and_freeze

SIZES = ((1000, 20), (10_000, 200))
"""Satellites and models."""
EVERY_S = 0.5
"""Between sweeps: in a large fleet there is always a heartbeat that wakes the planner."""
ORDERED = "cumulative"


@dataclass(slots=True)
class Timings:
    """Seconds of the processor, a sweep an entry."""

    snapshot_s: list[float] = field(default_factory=list)
    plan_s: list[float] = field(default_factory=list)

    @property
    def total_s(self) -> list[float]:
        return [sum(both) for both in zip(self.snapshot_s, self.plan_s, strict=True)]


def swept(
    fleet: SteadyFleet, sweeps: int, profiler: cProfile.Profile | None, *, rolling: bool
) -> Timings:
    """Sweeps one after the other while the fleet goes on; the last one is checked."""
    timings = Timings()
    for _ in range(sweeps):
        fleet.live(EVERY_S)
        if profiler:
            profiler.enable()
        begun_s = time.process_time()
        snapshot = fleet.photographer.snapshot()
        taken_s = time.process_time()
        found = plan(snapshot, fleet.now, fleet.memory)
        planned_s = time.process_time()
        if profiler:
            profiler.disable()
        timings.snapshot_s.append(taken_s - begun_s)
        timings.plan_s.append(planned_s - taken_s)
        fleet.perform(found.tracks)
        if rolling:
            fleet.run_replica_sets()
    return timings


def anew_s(fleet: SteadyFleet) -> float:
    """Seconds of the processor for a plan that remembers nothing."""
    snapshot = fleet.photographer.snapshot()
    remembered = plan(snapshot, fleet.now, fleet.memory)
    begun_s = time.process_time()
    found = plan(snapshot, fleet.now)
    took_s = time.process_time() - begun_s
    if found.tracks != remembered.tracks:
        raise SystemExit("the plan with a memory is another than the one without")
    return took_s


def kept_bytes(fleet: SteadyFleet) -> int:
    """What the operator keeps of the fleet, beside the objects themselves."""
    photographer, memory = fleet.new_photographer(), Memory()
    tracemalloc.start()
    plan(photographer.snapshot(), fleet.now, memory)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept


def row(title: str, each_s: list[float], baseline_s: float) -> str:
    p95_s = statistics.quantiles(each_s, n=20)[-1]
    median_s = statistics.median(each_s)
    return (
        f"  {title:24}{median_s * 1000:10.1f}{p95_s * 1000:10.1f}{max(each_s) * 1000:10.1f}"
        f"{median_s / baseline_s:10.4f}"
    )


def measure(satellites: int, models: int, sweeps: int, rolling: int, *, profile: bool) -> None:
    fleet = SteadyFleet(satellites, models)
    fleet.settle()
    collect_and_freeze()
    profiler = cProfile.Profile() if profile else None
    fleet.roll(rolling)
    timings = swept(fleet, sweeps, profiler, rolling=rolling > 0)
    baseline_s = anew_s(fleet)
    typer.echo(
        f"{satellites} satellites, {models} models, {rolling} roll, a sweep each {EVERY_S} s"
    )
    typer.echo(f"  {'':24}{'median ms':>10}{'p95 ms':>10}{'max ms':>10}{'ratio':>10}")
    typer.echo(row("snapshot", timings.snapshot_s, baseline_s))
    typer.echo(row("plan", timings.plan_s, baseline_s))
    typer.echo(row("sweep", timings.total_s, baseline_s))
    typer.echo(f"  {'plan without a memory':24}{baseline_s * 1000:10.1f}{'':20}{1:10.4f}")
    if profiler:
        pstats.Stats(profiler).sort_stats(ORDERED).print_stats(45)
    else:
        kept = kept_bytes(fleet)
        typer.echo(f"  kept of each satellite, beside its objects: {kept / satellites:.0f} bytes")


def main(
    satellites: Annotated[int, typer.Option(help="0: as many as usual")] = 0,
    models: int = 200,
    sweeps: int = 120,
    rolling: Annotated[int, typer.Option(help="models that get a new revision at once")] = 0,
    profile: Annotated[bool, typer.Option(help="show what the sweeps spend their time on")] = False,  # noqa: FBT002
) -> None:
    """Measure sweeps of fleets of several sizes, or of one."""
    for size in ((satellites, models),) if satellites else SIZES:
        measure(*size, sweeps, rolling, profile=profile)


if __name__ == "__main__":
    typer.run(main)
