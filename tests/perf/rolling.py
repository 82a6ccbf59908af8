"""What many models cost the operator, through a real API server, and many rollouts at once.

A control plane of its own and satellites that are always in contact, each in a process of its own,
as in `fleet.py`. When all models serve, one more is asked for, and it is measured how long the
operator takes to say anything of it. Then as many as were wanted get a new revision at once. Each
rollout has two pauses, by which it is measured how late steps begin. Prints figures and asserts
none: they hold for the machine and the minute they were taken on.

    PYTHONPATH=tests/support python tests/perf/rolling.py [--models M] [--rolling R] [--replicas N]
"""

import asyncio
import os
import time
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Final

import typer

from perigee_api.inference_model import InferenceModelStatus
from perigee_lab.lab import Lab
from perigee_lab.wanted import Request
from perigee_operator.domain.kinds import INFERENCE_MODEL
from played.access import Json
from played.bench import Bench, Span, benching
from played.crowd import Part
from played.crowd_process import Cast

NAMESPACE: Final = "models"
BEAT_S: Final = 60
LOST_AFTER_S: Final = 600
GRACE_S: Final = 24 * 3600
"""No kubelet renews its Lease."""
AT_ONCE: Final = 16
"""Models that are asked for at a time."""
FIRST_DECISIONS: Final = 5
"""So many models more, one after the other."""
NEW: Final = 1_000_000
"""Added to a model's number, it makes the digest of its next artifact."""
GOLDEN: Final = 2_000_000
"""The digest of the golden set, which all of them share."""
REQUESTS: Final = {"cpu": "10m", "memory": "16Mi"}
PAUSE_S: Final = 20
PAUSES: Final = (2, 5)
"""Indices of those steps."""
STEPS: Final = [
    {"wave": {"count": 1}},
    {"analysis": {"golden": {}}},
    {"pause": {"duration": PAUSE_S}},
    {"wave": {"percent": 50}},
    {"analysis": {"golden": {}}},
    {"pause": {"duration": PAUSE_S}},
]


def _name(number: int) -> str:
    return f"model-{number:05}"


def _artifact(number: int) -> Json:
    return {"uri": f"http://depot/{number}", "sha256": f"{number:064x}", "size": 39_600_000}


def _model(number: int, replicas: int) -> Json:
    spec = {
        "artifact": _artifact(number),
        "golden": _artifact(GOLDEN) | {"metric": "agreement", "threshold": 0.9},
        "placement": {"replicas": replicas},
        "resources": {"requests": REQUESTS},
        "rollout": {"steps": STEPS},
    }
    return {"metadata": {"name": _name(number)}, "spec": spec}


async def first_decision_s(bench: Bench, number: int, replicas: int) -> float:
    """Seconds from asking for a model until its status says anything."""
    body = _model(number, replicas)
    async with bench.access.watch(INFERENCE_MODEL, NAMESPACE) as events:
        begun_s = time.monotonic()
        await bench.access.create(INFERENCE_MODEL, body, NAMESPACE)
        async for _, item in events:
            if item["metadata"]["name"] == _name(number) and item.get("status"):
                return time.monotonic() - begun_s
    raise RuntimeError("the watch has ended")


class Begun:
    """When each step of a model's rollout began, by the operator's clock."""

    def __init__(self) -> None:
        self._at: dict[int, datetime] = {}
        """By the step's index; what comes after the last is the way to the full number."""

    def see(self, status: InferenceModelStatus) -> None:
        """Takes note of what a status says."""
        rollout = status.rollout
        if rollout is not None and not rollout.direct:
            step = len(STEPS) if rollout.all_passed else rollout.step
            self._at.setdefault(step, rollout.step_started)

    def late_s(self) -> list[float]:
        """By how much each step after a pause began too late, of those that were seen.

        Whole seconds, rounded down, as the status tells them.
        """
        return [
            (self._at[step + 1] - self._at[step]).total_seconds() - PAUSE_S
            for step in PAUSES
            if step in self._at and step + 1 in self._at
        ]


async def roll(bench: Bench, models: Collection[int]) -> list[float]:
    """All of these models get a new revision; how late steps began, once all are promoted."""
    begun = {_name(number): Begun() for number in models}
    waited_for = set(begun)
    before = {name: await _stable(bench, name) for name in begun}
    async with bench.access.watch(INFERENCE_MODEL, NAMESPACE) as events:
        for number in models:
            spec = {"artifact": _artifact(NEW + number)}
            await bench.access.patch(INFERENCE_MODEL, _name(number), {"spec": spec}, NAMESPACE)
        async for _, item in events:
            name = item["metadata"]["name"]
            if name not in waited_for:
                continue
            status = InferenceModelStatus.model_validate(item.get("status", {}))
            begun[name].see(status)
            if status.rollout is None and status.stable_revision != before[name]:
                waited_for.discard(name)
            if not waited_for:
                break
    return [late_s for each in begun.values() for late_s in each.late_s()]


async def _stable(bench: Bench, name: str) -> str:
    model = await bench.access.get(INFERENCE_MODEL, name, NAMESPACE)
    assert model is not None
    stable: str = model["status"]["stableRevision"]
    return stable


async def measure(bench: Bench, cast: Cast, models: int, rolling: int, replicas: int) -> None:
    """From the first model until all that were to roll are promoted."""
    await bench.until_told("perigee_satellites", cast.count, phase="InContact")
    span = await Span.begun(f"{models} models are placed", bench)
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(number: int) -> None:
        async with gate:
            await bench.access.create(INFERENCE_MODEL, _model(number, replicas), NAMESPACE)

    async with asyncio.TaskGroup() as group:
        for number in range(models):
            group.create_task(ask(number))
    await bench.until_told("perigee_models", models, phase="Healthy")
    await span.end()
    first_s = [await first_decision_s(bench, models + n, replicas) for n in range(FIRST_DECISIONS)]
    typer.echo(f"a first decision after s (median, last): {_told_late(first_s)}")
    await bench.until_told("perigee_models", models + FIRST_DECISIONS, phase="Healthy")
    span = await Span.begun(f"{rolling} models roll", bench)
    late_s = await roll(bench, range(rolling))
    await span.end(
        {
            "steps after a pause": f"{len(late_s)}",
            "  begun late by whole s (median, last)": _told_late(late_s),
        }
    )


def _told_late(late_s: Collection[float]) -> str:
    ordered = sorted(late_s)
    return f"{ordered[len(ordered) // 2]:.2f} / {ordered[-1]:.2f}" if ordered else "none"


async def run(lab: Lab, satellites: int, models: int, rolling: int, replicas: int) -> None:
    cast = Cast(
        kubeconfig=str(lab.kubeconfig),
        namespace=NAMESPACE,
        steady=Part("sat", satellites, BEAT_S, LOST_AFTER_S),
        doomed=Part("doomed", 0, BEAT_S, LOST_AFTER_S),
    )
    async with benching(lab, cast) as bench:
        await measure(bench, cast, models, rolling, replicas)


def main(
    satellites: Annotated[int, typer.Option(help="that beat once a minute")] = 1000,
    models: Annotated[int, typer.Option(help="in all")] = 50,
    rolling: Annotated[int, typer.Option(help="models that get a new revision at once")] = 50,
    replicas: Annotated[int, typer.Option(help="of each model")] = 5,
) -> None:
    """Measure an operator of many models."""
    lab = Lab(f"rolling-{os.getpid()}")
    try:
        lab.up(Request(satellites=0, ground_runs_pods=False, node_grace_s=GRACE_S))
        asyncio.run(run(lab, satellites, models, rolling, replicas))
    finally:
        lab.down()


if __name__ == "__main__":
    typer.run(main)
