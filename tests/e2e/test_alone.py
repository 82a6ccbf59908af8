"""A satellite that starts with no ground in reach serves its last good model by itself."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest_asyncio

from perigee_api import names
from perigee_demo.checkout import CHECKOUT
from perigee_demo.story.journal import Entry
from perigee_demo.story.manifests import MODEL, NAMESPACE
from perigee_demo.story.stage import act
from perigee_lab import waiting
from perigee_lab.errors import LabError
from perigee_lab.lab import Lab
from real_fleet.base import Served
from real_fleet.on_board import Calls, calling_own_address
from real_fleet.programs import memory_limit_bytes, process_status, resident_mib, the_program
from real_fleet.resources import SATELLITES, satellite
from real_fleet.views import all_ready, containers, on, pods_of

Writes = Callable[[Entry], None]
INSTANCE = f"{NAMESPACE}.{MODEL}"
INSTALL = CHECKOUT / "manifests" / "k3s" / "standalone" / "install"
ANSWERS_WITHIN_S = 30
"""Of boot."""

PATIENT_S = 900
KEEPER = "-m perigee_edge.standalone"
STAND_IN = "-m perigee_edge.serve"
IDLE_MIB = 32
"""A keeper while a Pod serves: no engine, no web server, no model."""


@pytest_asyncio.fixture
async def provisioned(served: Served) -> Served:
    """Each satellite can serve by itself, and is given time to return."""
    stage = served.stage
    lab = stage.constellation.lab
    patient = [satellite(name, lost_after_s=PATIENT_S) for name in SATELLITES]
    await stage.constellation.apply(*patient)
    for name in SATELLITES:
        await asyncio.to_thread(lab.provision, name, INSTALL, [f"{INSTANCE}=1Gi"])
    await asyncio.to_thread(
        waiting.until,
        lambda: all((kept(lab, name) / "current").exists() for name in SATELLITES),
        within_s=90,
        what="all have a copy of the agent's image",
    )
    return served


async def test_alone_after_a_reboot_and_back_to_the_pod(provisioned: Served) -> None:
    stage, victim, revision = provisioned.stage, provisioned.victim, provisioned.revision
    constellation, lab = stage.constellation, stage.constellation.lab
    golden = stage.artifacts.golden.path
    async with act(stage, "Alone", None) as clock:
        clock.start(f"{victim} is provisioned")
        async with calling_own_address(lab, victim, MODEL, golden) as by_pod:
            await answered(by_pod, 8)
            clock.saw("the Pod answers at the satellite's own address")
            await asyncio.to_thread(serves, lab, victim, stand_in=False)
            kept_bytes(stage.journal.write, lab, victim)
            keeper = await asyncio.to_thread(the_program, lab, victim, KEEPER)
            idle_mib = resident_mib(keeper)
            stage.journal.write(Entry("Alone", f"the keeper, idle: {idle_mib:.0f} MiB resident"))
            assert idle_mib < IDLE_MIB
        assert recorded(lab, victim) == [revision]
        pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
        (before,) = containers(on(pods, victim))

        await constellation.crash(victim)
        await constellation.cut(victim)
        clock.start(f"{victim} boots, its link is cut")
        booted_at = time.monotonic()
        booting = asyncio.create_task(asyncio.to_thread(lab.boot, victim))
        await asyncio.to_thread(waiting.until, lambda: is_on(lab, victim), within_s=20, what="on")
        async with calling_own_address(lab, victim, MODEL, golden) as calls:
            await calls.until(
                lambda calls: bool(calls.answered),
                within_s=ANSWERS_WITHIN_S,
                what=f"{victim} answers by itself",
            )
            assert time.monotonic() - booted_at <= ANSWERS_WITHIN_S
            clock.saw(f"{calls.revisions} answers, of {victim} alone")
            await booting
            await answered(calls, 8)
            await asyncio.to_thread(describe, stage.journal.write, lab, victim)

            clock.start("link restored")
            await constellation.restore(victim)
            await constellation.until(
                pods_of(MODEL),
                lambda found: containers(on(found, victim)) != (before,) and all_ready(found),
                within_s=120,
                what=f"the Pod's container on {victim} is ready",
            )
            clock.saw("the Pod is Ready")
            await asyncio.to_thread(serves, lab, victim, stand_in=False)
            clock.saw("the Pod has the address")
            await asyncio.to_thread(
                waiting.until,
                lambda: '"stand_in_ended"' in lab.log(victim, "units").read_text(),
                within_s=30,
                what="the server of the satellite's own has ended",
            )
            clock.saw("the satellite's own server has ended")
            await answered(calls, 8)
    assert calls.since_first_answer().failed == []
    assert calls.revisions == [revision]
    assert answers(calls) == answers(by_pod), "the same answers, bit by bit"
    assert recorded(lab, victim) == [revision]


async def test_a_satellite_that_never_served_says_so(provisioned: Served) -> None:
    stage, spare = provisioned.stage, provisioned.spare
    lab = stage.constellation.lab
    await stage.constellation.crash(spare)
    await stage.constellation.cut(spare)
    await asyncio.to_thread(lab.boot, spare)
    golden = stage.artifacts.golden.path
    async with calling_own_address(lab, spare, MODEL, golden) as calls:
        await calls.until(
            lambda calls: len([c for c in calls.failed if c.error.startswith("503 ")]) >= 8,
            within_s=ANSWERS_WITHIN_S,
            what=f"{spare} says that it cannot serve",
        )
    assert calls.answered == []
    assert '"error": "no model can serve here' in calls.failed[-1].error
    log = lab.log(spare, "units").read_text()
    assert "stand_in_started" not in log
    assert " ended with " not in log
    assert recorded(lab, spare) == []


def kept(lab: Lab, node: str) -> Path:
    return lab.perigee_directory(node) / Path(names.STANDALONE_DIRECTORY).name


def recorded(lab: Lab, node: str) -> list[str]:
    """The revisions that a satellite knows to be good, the newest first."""
    file = kept(lab, node) / "records" / f"{INSTANCE}.json"
    good = json.loads(file.read_text())["good"] if file.exists() else []
    return [each["revision"] for each in good]


def is_on(lab: Lab, node: str) -> bool:
    try:
        lab.inside(node, [])
    except LabError:
        return False
    return True


async def answered(calls: Calls, count: int) -> None:
    """So many more calls are answered."""
    wanted = len(calls.answered) + count
    await calls.until(
        lambda calls: len(calls.answered) >= wanted, within_s=90, what=f"{wanted} answers"
    )


def answers(calls: Calls) -> set[tuple[int, str]]:
    """What was answered to each sample."""
    return {(call.sample, call.output) for call in calls.answered}


def serves(lab: Lab, node: str, *, stand_in: bool) -> None:
    """Waits until the address was given last to a Pod, or to the satellite's own server."""

    def last() -> bool | None:
        lines = lab.log(node, "units").read_text().splitlines()
        granted = [json.loads(line) for line in lines if '"granted"' in line]
        return granted[-1]["stand_in"] if granted else None

    waiting.until(lambda: last() is stand_in, within_s=90, what=f"{stand_in=} has the address")


def kept_bytes(write: Writes, lab: Lab, node: str) -> None:
    """Writes down how much of the disk the copy of the image takes."""
    root = (kept(lab, node) / "current").resolve()
    size = sum(file.lstat().st_blocks * 512 for file in root.rglob("*"))
    write(Entry("Alone", f"the copy of the image: {size / 1e6:.0f} MB on disk"))


def describe(write: Writes, lab: Lab, node: str) -> None:
    """Writes down what serves alone; it has no more rights than a Pod's container."""
    serves(lab, node, stand_in=True)
    pid = the_program(lab, node, STAND_IN)
    write(Entry("Alone", f"the satellite's own server: {resident_mib(pid):.0f} MiB resident"))
    status = process_status(pid)
    assert status["Uid"].split() == [str(names.AGENT_UID)] * 4
    assert memory_limit_bytes(pid) == 1 << 30, "as the Pod's"
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
