"""What a large fleet costs the operator, through a real API server.

A control plane of its own; satellites that are always in contact, with one heartbeat a minute each;
models with some copies each, and some that want every satellite of a group. The operator is a
process of its own, and so is the crowd of satellites. When all is settled, it is measured for a
while; then one satellite in a hundred, of those with the default heartbeats and limits, falls
silent, and it is measured how late each verdict is, counted from when the satellite's limits allow
it. Prints figures and asserts none: they hold for the machine and the minute they were taken on.
What the API server and its store need for the same is what the operator is compared with, and how
long it waited for a core tells how busy the machine was.

    PYTHONPATH=tests/support python tests/perf/fleet.py [--satellites N] [--models M] [--seconds S]
"""

import asyncio
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Final

import typer

from perigee_lab.lab import Lab
from perigee_lab.wanted import Request
from perigee_operator.domain.kinds import INFERENCE_MODEL, SATELLITE_NODE
from perigee_operator.domain.liveness.phi import planned
from perigee_operator.domain.liveness.silence import BEATS_UNTIL_SUSPECT, SUSPICION_PHI
from played.access import Access, Json
from played.bench import Bench, Span, benching
from played.crowd import GROUP_LABEL, GROUPS, Part
from played.crowd_process import Cast, CrowdProcess

CRDS: Final = Path(__file__).parents[2] / "crds/yaml"
NAMESPACE: Final = "models"
STEADY_BEAT_S: Final = 60
DOOMED_BEAT_S: Final = 10
DOOMED_LOST_AFTER_S: Final = 60
"""As by default."""
DOOMED_SHARE: Final = 0.01
SILENCED_WITHIN_S: Final = 60
GRACE_S: Final = 24 * 3600
"""No kubelet renews its Lease: what 10,000 kubelets cost is not the operator's."""
LIMITS_S: Final = {
    "Suspect": max(
        BEATS_UNTIL_SUSPECT * DOOMED_BEAT_S, planned(DOOMED_BEAT_S).silence_s(SUSPICION_PHI)
    ),
    "Lost": DOOMED_LOST_AFTER_S,
}
"""Silence that is allowed before each verdict, by its phase."""
REPLICAS: Final = 5
EVERYWHERE_EVERY: Final = 50
"""One model in so many wants all satellites of a group."""
REQUESTS: Final = {"cpu": "100m", "memory": "64Mi"}
SETTLED_WITHIN_S: Final = 3600
LOOK_S: Final = 1.0
QUIET_S: Final = 5


def _model(number: int) -> Json:
    placement: Json = {"replicas": REPLICAS}
    if number % EVERYWHERE_EVERY == 0:
        group = f"g{number // EVERYWHERE_EVERY % GROUPS}"
        placement = {"everySatellite": True, "nodeSelector": {GROUP_LABEL: group}}
    artifact = {"uri": f"http://depot/{number}", "sha256": f"{number:064x}", "size": 39_600_000}
    spec = {"artifact": artifact, "placement": placement, "resources": {"requests": REQUESTS}}
    return {"metadata": {"name": f"model-{number:04}"}, "spec": spec}


async def _lateness_s(access: Access, crowd: CrowdProcess, doomed: Part) -> dict[str, list[float]]:
    """How late each verdict is shown by the API server, by its phase."""
    waited_for = {phase: set(doomed.names) for phase in LIMITS_S}
    found: dict[str, list[float]] = {phase: [] for phase in LIMITS_S}
    async with access.watch(SATELLITE_NODE, None) as events:
        async for _, item in events:
            name, phase = item["metadata"]["name"], item.get("status", {}).get("phase")
            if phase not in waited_for or name not in waited_for[phase]:
                continue
            waited_for[phase].discard(name)
            found[phase].append(time.monotonic() - crowd.silenced[name] - LIMITS_S[phase])
            if not waited_for["Lost"]:
                return found
    raise RuntimeError("the API server ended the watch before the last verdict")


def _told_late(late_s: Collection[float]) -> str:
    ordered = sorted(late_s)
    return f"{ordered[len(ordered) // 2]:.2f} / {ordered[-1]:.2f}" if ordered else "none"


async def measure(bench: Bench, cast: Cast, models: int, seconds: float) -> None:
    """From the operator's start until its last verdict."""
    whole = await Span.begun("all of it", bench)
    span = await Span.begun(f"{cast.count} satellites are found", bench)
    await bench.until_told("perigee_satellites", cast.count, phase="InContact")
    await span.end()
    span = await Span.begun(f"{models} models are placed", bench)
    for number in range(models):
        await bench.access.create(INFERENCE_MODEL, _model(number), NAMESPACE)
    await bench.until_told("perigee_models", models, phase="Healthy")
    await span.end()
    span = await Span.begun("all is settled", bench)
    await asyncio.sleep(seconds)
    await span.end()
    span = await Span.begun(f"{cast.doomed.count} satellites fall silent", bench)
    bench.crowd.silence(SILENCED_WITHIN_S)
    late_s = await _lateness_s(bench.access, bench.crowd, cast.doomed)
    await bench.until_told("perigee_models", models, phase="Healthy")
    await span.end(
        {
            f"{phase} after {limit_s:.0f} s, late by s (median, last)": _told_late(late_s[phase])
            for phase, limit_s in LIMITS_S.items()
        }
    )
    await whole.end()


async def run(lab: Lab, satellites: int, models: int, seconds: float) -> None:
    doomed = max(1, round(satellites * DOOMED_SHARE))
    cast = Cast(
        kubeconfig=str(lab.kubeconfig),
        namespace=NAMESPACE,
        steady=Part("sat", satellites - doomed, STEADY_BEAT_S, 10 * STEADY_BEAT_S),
        doomed=Part("doomed", doomed, DOOMED_BEAT_S, DOOMED_LOST_AFTER_S),
    )
    async with benching(lab, cast) as bench:
        await measure(bench, cast, models, seconds)


def main(
    satellites: Annotated[int, typer.Option(help="that beat once a minute")] = 1000,
    models: Annotated[int, typer.Option(help="in all")] = 20,
    seconds: Annotated[float, typer.Option(help="so long the settled fleet is measured")] = 120,
) -> None:
    """Measure an operator of a large fleet."""
    lab = Lab(f"fleet-{os.getpid()}")
    try:
        lab.up(Request(satellites=0, ground_runs_pods=False, node_grace_s=GRACE_S))
        asyncio.run(run(lab, satellites, models, seconds))
    finally:
        lab.down()


if __name__ == "__main__":
    typer.run(main)
