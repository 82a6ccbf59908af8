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
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import typer
import yaml

from perigee_lab import cgroups
from perigee_lab.lab import Lab
from perigee_lab.state import GROUND
from perigee_lab.wanted import Request
from perigee_operator.domain.kinds import INFERENCE_MODEL, SATELLITE_NODE
from perigee_operator.domain.liveness.phi import planned
from perigee_operator.domain.liveness.silence import BEATS_UNTIL_SUSPECT, SUSPICION_PHI
from played.access import Access, Json
from played.awaiting import until
from played.cluster import make_namespace, prepare
from played.crowd import GROUP_LABEL, GROUPS, Part
from played.crowd_process import Cast, CrowdProcess, playing
from played.operator_process import OperatorProcess, Setting
from played.told import Told, told
from played.usage import Usage, usage

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


class Bench:
    """An operator, a crowd and an API server, and what each of them uses."""

    def __init__(
        self, lab: Lab, access: Access, crowd: CrowdProcess, operator: OperatorProcess
    ) -> None:
        self.access = access
        self.crowd = crowd
        self.operator = operator
        self._servers = tuple(_processes(lab, "apiserver", "kine"))

    async def told(self) -> Told:
        """What the operator tells of itself."""
        return await told(self.operator.url)

    def usages(self) -> tuple[Usage, Usage, Usage]:
        """Of the operator, of API server and store, and of the crowd."""
        return usage([self.operator.pid]), usage(self._servers), usage([self.crowd.pid])

    async def until_told(self, name: str, wanted: float, **labels: str) -> None:
        """Waits until a metric has a value, and nothing is written any more."""
        await until(lambda: self._tells(name, wanted, labels), SETTLED_WITHIN_S)
        await until(self._is_quiet, SETTLED_WITHIN_S)

    async def _tells(self, name: str, wanted: float, labels: dict[str, str]) -> bool:
        await asyncio.sleep(LOOK_S)
        return (await self.told()).value(name, **labels) == wanted

    async def _is_quiet(self) -> bool:
        before = await self.told()
        await asyncio.sleep(QUIET_S)
        after = await self.told()
        young = after.value("perigee_sweep_age_seconds") < QUIET_S
        return young and not after.gain(before, "perigee_writes_total")


class Span:
    """What is used from one moment to another: begun when it is made."""

    def __init__(self, title: str, bench: Bench, before: Told, heartbeats: tuple[int, int]) -> None:
        self._title, self._bench = title, bench
        self._before, self._heartbeats = before, heartbeats
        self._usages, self._begun_s = bench.usages(), time.monotonic()

    @classmethod
    async def begun(cls, title: str, bench: Bench) -> "Span":
        """One that begins now."""
        return cls(title, bench, await bench.told(), await bench.crowd.heartbeats())

    async def end(self, more: dict[str, str] | None = None) -> None:
        """Prints what was used."""
        took_s, after = time.monotonic() - self._begun_s, await self._bench.told()
        sent, failed = (
            now - before
            for now, before in zip(
                await self._bench.crowd.heartbeats(), self._heartbeats, strict=True
            )
        )
        operator, servers, crowd = (
            now.since(before)
            for now, before in zip(self._bench.usages(), self._usages, strict=True)
        )
        sweeps = after.sweeps(self._before)
        writes = after.gain(self._before, "perigee_writes_total")
        with_core = 1 - operator.waiting_share
        figures = {
            "seconds": f"{took_s:.0f}",
            "heartbeats a minute": f"{sent / took_s * 60:.0f}",
            "  that failed": f"{failed}",
            "CPU of API server and store, cores": f"{servers.cpu_s / took_s:.3f}",
            "CPU of the crowd, cores": f"{crowd.cpu_s / took_s:.3f}",
            "CPU of the operator, cores": f"{operator.cpu_s / took_s:.3f}",
            "  of the API server's": f"{operator.cpu_s / max(servers.cpu_s, 1e-9):.2f}",
            "  of what it wanted, without a core": f"{operator.waiting_share:.2f}",
            "memory of the operator, MB": f"{operator.memory_mb:.0f}",
            "memory of API server and store, MB": f"{servers.memory_mb:.0f}",
            "writes a second": f"{writes / took_s:.2f}",
            "sweeps a second": f"{sweeps.count / took_s:.2f}",
            "sweep by the wall clock, mean, ms": f"{1000 * sweeps.mean_s:.1f}",
            "  of that with a core, mean": f"{1000 * sweeps.mean_s * with_core:.1f}",
            "  median": f"{1000 * sweeps.quantile_s(0.5):.1f}",
            "  99 %": f"{1000 * sweeps.quantile_s(0.99):.1f}",
            "  all at most": f"{1000 * sweeps.longest_s:.0f}",
        }
        typer.echo(f"{self._title}")
        for title, figure in (figures | (more or {})).items():
            typer.echo(f"  {title:42}{figure:>10}")


def _processes(lab: Lab, *components: str) -> Iterator[int]:
    """Of these components of the ground."""
    for pid in cgroups.here().processes(cgroups.of_components(lab.name, GROUND)):
        words = Path(f"/proc/{pid}/cmdline").read_text()
        if any(f"{each}\0" in words for each in components):
            yield pid


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
                break
    return found


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
    definitions = [yaml.safe_load(file.read_text()) for file in sorted(CRDS.glob("*.yaml"))]
    doomed = max(1, round(satellites * DOOMED_SHARE))
    cast = Cast(
        kubeconfig=str(lab.kubeconfig),
        namespace=NAMESPACE,
        steady=Part("sat", satellites - doomed, STEADY_BEAT_S, 10 * STEADY_BEAT_S),
        doomed=Part("doomed", doomed, DOOMED_BEAT_S, DOOMED_LOST_AFTER_S),
    )
    async with Access(lab.kubeconfig) as access:
        await prepare(access, definitions)
        await make_namespace(access, NAMESPACE)
        begun_s = time.monotonic()
        async with playing(cast) as crowd:
            await crowd.joined()
            typer.echo(f"{satellites} satellites joined in {time.monotonic() - begun_s:.0f} s")
            async with _operating(lab) as operator:
                await measure(Bench(lab, access, crowd, operator), cast, models, seconds)


async def _answering(operator: OperatorProcess) -> None:
    """Waits until the operator has begun."""

    async def answers() -> bool:
        try:
            await told(operator.url)
        except aiohttp.ClientError:
            return False
        return True

    await until(answers)


@asynccontextmanager
async def _operating(lab: Lab) -> AsyncIterator[OperatorProcess]:
    """An operator that runs while the block does; what it has logged is shown if it fails."""
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "operator.log"
        operator = OperatorProcess(Setting(lab.kubeconfig, log))
        try:
            await _answering(operator)
            yield operator
        finally:
            if not operator.alive:
                typer.echo(log.read_text()[-4000:], err=True)
            await operator.kill()


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
