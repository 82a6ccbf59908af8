"""A large fleet on a real API server with an operator, and what each of them uses."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import typer
import yaml

from perigee_lab import cgroups
from perigee_lab.lab import Lab
from perigee_lab.state import GROUND
from played.access import Access
from played.awaiting import until
from played.cluster import make_namespace, prepare
from played.crowd_process import Cast, CrowdProcess, playing
from played.operator_process import OperatorProcess, Setting
from played.told import Told, told
from played.usage import Usage, usage

CRDS: Final = Path(__file__).parents[3] / "crds/yaml"
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
            typer.echo(f"  {title:46}{figure:>14}")


def _processes(lab: Lab, *components: str) -> Iterator[int]:
    """Of these components of the ground."""
    for pid in cgroups.here().processes(cgroups.of_components(lab.name, GROUND)):
        words = Path(f"/proc/{pid}/cmdline").read_text()
        if any(f"{each}\0" in words for each in components):
            yield pid


@asynccontextmanager
async def benching(lab: Lab, cast: Cast) -> AsyncIterator[Bench]:
    """The crowd has joined, and an operator has begun: while the block runs.

    Args:
        lab: a control plane.
        cast: of the crowd.
    """
    definitions = [yaml.safe_load(file.read_text()) for file in sorted(CRDS.glob("*.yaml"))]
    async with Access(lab.kubeconfig) as access:
        await prepare(access, definitions)
        await make_namespace(access, cast.namespace)
        begun_s = time.monotonic()
        async with playing(cast) as crowd:
            await crowd.joined()
            typer.echo(f"{cast.count} satellites joined in {time.monotonic() - begun_s:.0f} s")
            async with _operating(lab) as operator:
                yield Bench(lab, access, crowd, operator)


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
