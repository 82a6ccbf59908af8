"""What heartbeats of a large fleet cost the operator, through a real watch of a real API server.

A control plane of its own; satellites that are always in contact, one heartbeat a minute each; the
operator as a process of its own. A few more satellites beat faster and fall silent while it is
measured: how late each is found Suspect, after its rule says so. Prints figures and asserts none;
what the API server needs for the same heartbeats is what they are compared with.

    PYTHONPATH=tests/support python tests/perf/heartbeats.py [--satellites N] [--seconds S]
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import aiohttp
import typer
import yaml
from prometheus_client.parser import text_string_to_metric_families

from perigee_api import names
from perigee_api.heartbeat import Report
from perigee_lab import cgroups
from perigee_lab.lab import Lab
from perigee_lab.state import GROUND
from perigee_lab.wanted import Request
from perigee_operator.domain.kinds import LEASE, NODE, SATELLITE_NODE
from perigee_operator.domain.liveness.phi import planned
from perigee_operator.domain.liveness.silence import BEATS_UNTIL_SUSPECT, SUSPICION_PHI
from played.access import Access
from played.awaiting import until
from played.cluster import prepare
from played.operator_process import OperatorProcess, Setting
from played.resources import FIXED

CRDS: Final = Path(__file__).parents[2] / "crds/yaml"
BEAT_S: Final = 60
FAST_BEAT_S: Final = 5
FAST: Final = 10
"""Satellites that fall silent, one after the other."""
RULE_S: Final = max(
    BEATS_UNTIL_SUSPECT * FAST_BEAT_S, planned(FAST_BEAT_S).silence_s(SUSPICION_PHI)
)
"""Of silence; heartbeats that come evenly make none longer."""
AT_ONCE: Final = 32
"""Requests under way while the fleet is made."""
SETTLED_WITHIN_S: Final = 1800
QUIET_S: Final = 5
TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """What processes have used so far."""

    cpu_s: float
    memory_bytes: int

    @classmethod
    def of(cls, pids: Iterable[int]) -> "Use":
        """Of these processes together; memory is what is resident."""
        cpu_s, memory = 0.0, 0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu_s += (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
            memory += int(fields[21]) * os.sysconf("SC_PAGESIZE")
        return cls(cpu_s, memory)


class Fleet:
    """Satellites that beat."""

    def __init__(self, access: Access, satellites: int) -> None:
        self._access = access
        self.steady = [f"sat-{number:05}" for number in range(satellites)]
        self.fast = [f"fast-{number}" for number in range(FAST)]
        self.silenced: dict[str, float] = {}
        """By name: when the last heartbeat had arrived, on the monotonic clock."""
        self.sent = 0
        self._sequence = 0

    async def join(self) -> None:
        """Nodes, SatelliteNodes and Leases, many at once."""
        await _shown("satellites made", [self._add(n) for n in (*self.steady, *self.fast)])

    async def beat(self, fleet: list[str], every_s: float) -> None:
        """One after the other, all of them once in so many seconds, until cancelled."""
        loop = asyncio.get_running_loop()
        begun_s, count = loop.time(), 0
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(begun_s + count * every_s / len(fleet) - loop.time())
                name = fleet[count % len(fleet)]
                count += 1
                if name not in self.silenced:
                    group.create_task(self._beat(name))

    async def silence_in_turn(self, within_s: float) -> None:
        """The fast ones fall silent, each with a heartbeat as its last word."""
        for name in self.fast:
            self.silenced[name] = await self._beat(name)
            await asyncio.sleep(within_s / len(self.fast))

    async def lateness_s(self) -> list[float]:
        """Waits until all that fell silent are Suspect: how long after the rule each was."""
        found: dict[str, float] = {}
        async with self._access.watch(SATELLITE_NODE, None) as events:
            async for _, item in events:
                name = item["metadata"]["name"]
                suspect = item.get("status", {}).get("phase") == "Suspect"
                if suspect and name in self.silenced and name not in found:
                    found[name] = time.monotonic() - self.silenced[name] - RULE_S
                if len(found) == len(self.fast):
                    break
        return sorted(found.values())

    async def _add(self, name: str) -> None:
        beat_s = FAST_BEAT_S if name in self.fast else BEAT_S
        liveness = {"heartbeatInterval": beat_s, "lostAfter": 10 * beat_s}
        taint = {"key": names.SATELLITE_TAINT, "value": "true", "effect": "NoSchedule"}
        labels = {names.SATELLITE_LABEL: "true", "kubernetes.io/arch": "arm64"}
        node = {"metadata": {"name": name, "labels": labels}, "spec": {"taints": [taint]}}
        spec = {"orbit": FIXED, "liveness": liveness}
        await self._access.create(NODE, node)
        await self._access.create(SATELLITE_NODE, {"metadata": {"name": name}, "spec": spec})
        lease = {"metadata": {"name": name}} | self._renewal(name)
        await self._access.create(LEASE, lease, names.HEARTBEAT_NAMESPACE)

    async def _beat(self, name: str) -> float:
        body = self._renewal(name)
        await self._access.patch(LEASE, name, body, names.HEARTBEAT_NAMESPACE)
        self.sent += 1
        return time.monotonic()

    def _renewal(self, name: str) -> dict[str, Any]:
        self._sequence += 1
        report = Report(sequence=self._sequence).model_dump_json(by_alias=True, exclude_none=True)
        renewed_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "metadata": {"name": name, "annotations": {names.REPORT_ANNOTATION: report}},
            "spec": {"holderIdentity": name, "renewTime": renewed_at},
        }


async def _shown(what: str, work: list[Coroutine[Any, Any, None]]) -> None:
    """Does it all, so much at once, and tells how far it has come."""
    gate, done = asyncio.Semaphore(AT_ONCE), 0

    async def through_gate(each: Coroutine[Any, Any, None]) -> None:
        nonlocal done
        async with gate:
            await each
        done += 1
        if done % max(1, len(work) // 10) == 0:
            typer.echo(f"  {done} of {len(work)} {what}")

    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(through_gate(each))


@asynccontextmanager
async def beating(fleet: Fleet) -> AsyncIterator[asyncio.TaskGroup]:
    """Heartbeats come while the block runs."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(fleet.beat(fleet.steady, BEAT_S)),
            group.create_task(fleet.beat(fleet.fast, FAST_BEAT_S)),
        ]
        yield group
        for task in tasks:
            task.cancel()


async def metrics(operator: OperatorProcess) -> dict[str, float]:
    """All that the operator tells Prometheus, by name and the one label, if there is one."""
    async with aiohttp.ClientSession() as session, session.get(f"{operator.url}/metrics") as answer:
        text = await answer.text()
    return {
        "/".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def in_contact(operator: OperatorProcess, count: int) -> bool:
    """Whether all are recorded as in contact; False, too, before the operator answers."""
    try:
        return (await metrics(operator)).get("perigee_satellites/InContact") == count
    except aiohttp.ClientError:
        return False


async def is_quiet(operator: OperatorProcess) -> bool:
    """Whether the operator writes nothing for a while, and sweeps."""
    before = await metrics(operator)
    await asyncio.sleep(QUIET_S)
    after = await metrics(operator)
    written = [
        sum(v for name, v in each.items() if name.startswith("perigee_writes_total/"))
        for each in (before, after)
    ]
    return written[0] == written[1] and after["perigee_sweep_age_seconds"] < QUIET_S


async def measure(lab: Lab, fleet: Fleet, operator: OperatorProcess, seconds: float) -> None:
    """A while of heartbeats, after the fleet has settled."""
    everybody = len(fleet.steady) + len(fleet.fast)
    servers = _processes(lab, "apiserver", "kine")
    async with beating(fleet) as group:
        typer.echo("  waiting until all are recorded as in contact, and nothing is written")
        await until(lambda: in_contact(operator, everybody), SETTLED_WITHIN_S)
        await until(lambda: is_quiet(operator), SETTLED_WITHIN_S)
        before, used = await metrics(operator), Use.of([operator.pid])
        served, sent, begun_s = Use.of(servers), fleet.sent, time.monotonic()
        lateness = group.create_task(fleet.lateness_s())
        group.create_task(fleet.silence_in_turn(seconds - RULE_S))
        ages = []
        while time.monotonic() < begun_s + seconds:
            await asyncio.sleep(1)
            ages.append((await metrics(operator))["perigee_sweep_age_seconds"])
        after, took_s = await metrics(operator), time.monotonic() - begun_s
        use, serving = Use.of([operator.pid]), Use.of(servers)
        beats = (fleet.sent - sent) / took_s * 60
        late_s = await lateness
    sweeps, spent_s = (
        after[name] - before[name]
        for name in ("perigee_sweep_seconds_count", "perigee_sweep_seconds_sum")
    )
    own, theirs = (use.cpu_s - used.cpu_s) / took_s, (serving.cpu_s - served.cpu_s) / took_s
    figures = {
        "heartbeats a minute": f"{beats:.0f}",
        "CPU of API server and store, cores": f"{theirs:.3f}",
        "CPU of the operator, cores": f"{own:.3f}",
        "  of the API server's": f"{own / theirs:.2f}",
        "memory of the operator, MB": f"{use.memory_bytes / 1e6:.0f}",
        "memory of API server and store, MB": f"{serving.memory_bytes / 1e6:.0f}",
        "sweeps a second": f"{sweeps / took_s:.2f}",
        "sweep, mean ms by the wall clock": f"{spent_s / max(1, sweeps) * 1000:.1f}",
        "age of the last sweep, longest seen, s": f"{max(ages):.2f}",
        f"verdict after {RULE_S:.0f} s, late by s": f"{statistics.median(late_s):.2f}",
        "  the latest of all, s": f"{late_s[-1]:.2f}",
    }
    for title, figure in figures.items():
        typer.echo(f"  {title:42}{figure:>10}")


def _processes(lab: Lab, *components: str) -> list[int]:
    """Of these components of the ground."""
    group = cgroups.of_components(lab.name, GROUND)
    return [
        pid
        for pid in cgroups.here().processes(group)
        if any(f"{each}\0" in Path(f"/proc/{pid}/cmdline").read_text() for each in components)
    ]


async def run(lab: Lab, satellites: int, seconds: float) -> None:
    definitions = [yaml.safe_load(file.read_text()) for file in sorted(CRDS.glob("*.yaml"))]
    async with Access(lab.kubeconfig) as access:
        await prepare(access, definitions)
        fleet = Fleet(access, satellites)
        await fleet.join()
        with tempfile.TemporaryDirectory() as directory:
            operator = OperatorProcess(Setting(lab.kubeconfig, Path(directory) / "operator.log"))
            try:
                await measure(lab, fleet, operator, seconds)
            finally:
                await operator.kill()


def main(
    satellites: Annotated[int, typer.Option(help="that beat once a minute")] = 1000,
    seconds: Annotated[float, typer.Option(help="so long it is measured")] = 60,
) -> None:
    """Measure an operator that hears a fleet."""
    typer.echo(f"{satellites} satellites, {FAST} more that fall silent")
    lab = Lab(f"heartbeats-{os.getpid()}")
    try:
        lab.up(Request(satellites=0, ground_runs_pods=False))
        asyncio.run(run(lab, satellites, seconds))
    finally:
        lab.down()


if __name__ == "__main__":
    typer.run(main)
