import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from perigee_demo.artifacts.files import Artifacts, make_artifacts
from perigee_demo.cluster import Cluster
from perigee_demo.story.constellation import Constellation
from perigee_demo.story.installation import install
from perigee_demo.story.journal import Entry, Journal
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import Stage
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_lab.lab import Lab
from perigee_lab.progress import Silent
from real_fleet import base
from real_fleet.base import Served

RATE_HZ = 2.0
PATIENCE = 5.0
"""What happened after how many seconds is told in the summary; a slow machine is no failure."""
ENTRIES = pytest.StashKey[list[Entry]]()


@pytest.fixture(scope="session")
def artifacts() -> Artifacts:
    return make_artifacts()


@pytest.fixture(scope="session")
def depot(lab: Lab, artifacts: Artifacts) -> str:
    """Perigee, installed by helm; the depot's URL."""
    return install(lab, artifacts, Silent())


@pytest_asyncio.fixture
async def stage(
    lab: Lab, artifacts: Artifacts, depot: str, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    """Every link is up and every satellite on, before and after."""
    entries = request.config.stash.setdefault(ENTRIES, [])
    await asyncio.to_thread(base.bring_back, lab)
    async with Cluster.connect(lab.kubeconfig) as cluster:
        constellation = Constellation(lab, cluster, PATIENCE)
        journal = Journal(entries.append)
        yield Stage(constellation, artifacts, depot, journal, lambda: datetime.now(UTC))
    await asyncio.to_thread(base.bring_back, lab)


@pytest_asyncio.fixture
async def fleet(stage: Stage) -> Stage:
    """All satellites in contact, and no model."""
    await base.all_in_contact(stage)
    await base.losses_are_long_ago(stage)
    return stage


@pytest_asyncio.fixture
async def served(stage: Stage) -> Served:
    """All satellites in contact, and the demo's model alone serves."""
    await base.all_in_contact(stage, keeping=MODEL)
    served = await base.standard_model_serves(stage)
    await base.losses_are_long_ago(stage)
    return served


@pytest_asyncio.fixture
async def traffic(served: Served) -> AsyncIterator[TrafficProcess]:
    """Requests at a steady rate; an act fails if one of them does."""
    stage = served.stage
    golden = stage.artifacts.golden.path
    async with TrafficProcess.start(stage.constellation.lab, golden, rate_hz=RATE_HZ) as traffic:
        await traffic.until(
            lambda counts: counts["answered"] > 0, within_s=30, what="the first answer"
        )
        yield traffic


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Figures: after how many seconds what was promised happened."""
    entries = terminalreporter.config.stash.get(ENTRIES, [])
    if not entries:
        return
    terminalreporter.section("seconds until what was promised")
    act = ""
    for entry in entries:
        if entry.act != act:
            act = entry.act
            terminalreporter.write_line(act)
        after = "" if entry.after_s is None else f"{entry.after_s:6.1f} s"
        terminalreporter.write_line(f"  {after:>8}  {entry.what}")
