"""Links as contact plans say: dark satellites keep their work; one that dies in the dark is found.

Passes last 90 s and more; the dark in between is cut short, but for the first times it lasts longer
than Kubernetes waits for a Node.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.cluster import Json, Objects
from perigee_demo.story.journal import Entry
from perigee_demo.story.manifests import MODEL, Window
from perigee_demo.story.passes import Passes, playing
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_SATELLITES, Stage, act
from perigee_demo.story.views import phases, serving
from perigee_lab.play.player import EventKind
from real_fleet.base import Served
from real_fleet.history import history
from real_fleet.resources import satellite
from real_fleet.views import NODES, all_ready, containers, is_ready, marks, on, pods_of

TITLE = "Passes, and a death in the dark"

VICTIM = ((-60, 10), (70, 165), (185, 275), (295, 385), (405, 600))
SPARE = ((-60, 60), (120, 215), (275, 600))
OTHER = ((-60, 110), (170, 265), (325, 600))
"""Windows, in seconds from the start. The victim dies after the second."""

PLAN_S = 600
WATCHED_S = 380
"""Until shortly before the second missed pass ends."""
DIES_AFTER = 2
HEARD_WITHIN_S = 10
BACK_WITHIN_S = 85
"""Kubelets that have failed for a while ask for their Nodes once in 30 to 60 s."""
FOUND_WITHIN_S = 10
REPLACED_WITHIN_S = 45

EVICTIONS = frozenset({"TaintManagerEviction", "Evicted", "Killing", "Preempted"})


@pytest.mark.timeout(900)
async def test_dark_satellites_keep_their_work_and_a_dead_one_is_found(
    served: Served,
) -> None:
    stage, victim, other, spare = served.stage, served.victim, served.other, served.spare
    constellation = stage.constellation
    pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
    start = stage.now().replace(microsecond=0) + timedelta(seconds=2)
    windows = {victim: VICTIM, spare: SPARE, other: OTHER}
    plan = satellites(windows, start)
    await constellation.apply(*plan)
    async with (
        act(stage, TITLE, None),
        playing(constellation.lab, plan) as passes,
        history(constellation, ALL_SATELLITES, phases) as shown,
        history(constellation, NODES, lambda found: ready(found, windows)) as nodes_shown,
        asyncio.TaskGroup() as together,
    ):
        for name, number in ((victim, 2), (spare, 2), (other, 2), (spare, 3), (other, 3)):
            together.create_task(comes_back(stage, passes, name, number))
        together.create_task(nothing_moves(stage, containers(pods), set(windows)))
        together.create_task(dies(stage, passes, victim, {other, spare}))
    assert await evictions_since(stage, start) == []
    for name in windows:
        assert False in {each[name] for each in nodes_shown}, "Kubernetes had given up each"
    went_through = {name: {each[name] for each in shown} for name in windows}
    assert SatellitePhase.MISSED_CONTACT in went_through[victim]
    for name in (spare, other):
        assert went_through[name] <= {SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK}


async def comes_back(stage: Stage, passes: Passes, name: str, number: int) -> None:
    """After how many seconds a satellite that rises is at Kubernetes' service again."""
    await passes.until(name, EventKind.AOS, number, within_s=PLAN_S)
    since = time.monotonic()
    what = f"{name} rises for pass {number}: Perigee hears it"
    await stage.constellation.until(
        ALL_SATELLITES,
        lambda found: phases(found)[name] is SatellitePhase.IN_CONTACT,
        within_s=HEARD_WITHIN_S,
        what=what,
    )
    stage.journal.write(Entry(TITLE, what, time.monotonic() - since))
    what = f"{name} rises for pass {number}: its Node is Ready"
    await stage.constellation.until(
        NODES, lambda found: is_ready(found, name), within_s=BACK_WITHIN_S, what=what
    )
    stage.journal.write(Entry(TITLE, what, time.monotonic() - since))
    pods = await stage.constellation.until(
        pods_of(MODEL),
        lambda found: all(pod_ready(pod) for pod in on(found, name)),
        within_s=BACK_WITHIN_S,
        what=f"the Pod on {name} is Ready",
    )
    if on(pods, name):
        assert all_ready(on(pods, name))
        what = f"{name} rises for pass {number}: its Pod is Ready"
        stage.journal.write(Entry(TITLE, what, time.monotonic() - since))
        await stage.constellation.until(
            ALL_ENDPOINTS, lambda found: name in serving(found), within_s=10, what=f"{name} serves"
        )
        what = f"{name} rises for pass {number}: the ground may ask it"
        stage.journal.write(Entry(TITLE, what, time.monotonic() - since))


async def nothing_moves(stage: Stage, before: object, satellites: set[str]) -> None:
    """The same containers in the same Pods, and no taint but those the Nodes joined with."""
    constellation = stage.constellation
    await asyncio.gather(
        constellation.throughout(
            pods_of(MODEL),
            lambda found: containers(found) == before and not any(map(is_deleted, found)),
            for_s=WATCHED_S,
            what=f"no copy moves, none restarts ({before})",
        ),
        constellation.throughout(
            NODES,
            lambda found: all(
                marks(found, name).taints == {names.SATELLITE_TAINT} for name in satellites
            ),
            for_s=WATCHED_S,
            what="no Node is tainted",
        ),
        constellation.throughout(
            ALL_SATELLITES,
            lambda found: SatellitePhase.LOST not in phases(found).values(),
            for_s=WATCHED_S,
            what="no satellite is Lost",
        ),
    )
    stage.journal.write(Entry(TITLE, f"nothing moved for {WATCHED_S} s"))


async def dies(stage: Stage, passes: Passes, victim: str, left: set[str]) -> None:
    """Its power fails while it is out of sight; two passes go by in silence."""
    constellation = stage.constellation

    async def pass_ends(number: int) -> float:
        await passes.until(victim, EventKind.LOS, number, within_s=PLAN_S)
        return time.monotonic()

    async def becomes(phase: SatellitePhase, since: float) -> None:
        what = f"{victim} is {phase}"
        await constellation.until(
            ALL_SATELLITES,
            lambda found: phases(found)[victim] is phase,
            within_s=FOUND_WITHIN_S,
            what=what,
        )
        stage.journal.write(Entry(TITLE, what, time.monotonic() - since))

    await pass_ends(DIES_AFTER)
    await constellation.crash(victim)
    stage.journal.write(Entry(TITLE, f"power of {victim} fails in the dark"))
    since = await pass_ends(DIES_AFTER + 1)
    stage.journal.write(Entry(TITLE, f"{victim} has missed a pass"))
    await becomes(SatellitePhase.MISSED_CONTACT, since)
    since = await pass_ends(DIES_AFTER + 2)
    stage.journal.write(Entry(TITLE, f"{victim} has missed two passes"))
    await becomes(SatellitePhase.LOST, since)
    await constellation.until(
        ALL_ENDPOINTS,
        lambda found: serving(found) == left,
        within_s=REPLACED_WITHIN_S,
        what="the replacement serves",
    )
    what = "the replacement passed its golden set and serves"
    stage.journal.write(Entry(TITLE, what, time.monotonic() - since))


async def evictions_since(stage: Stage, start: datetime) -> list[str]:
    """What Events say of evictions and ended containers."""
    found = await stage.constellation.cluster.get("/api/v1/namespaces/default/events")
    assert found is not None
    return [
        each["message"]
        for each in found["items"]
        if each["reason"] in EVICTIONS and happened(each) >= start
    ]


def satellites(windows: Mapping[str, tuple[tuple[int, int], ...]], start: datetime) -> list[Json]:
    """SatelliteNodes with these windows, in seconds from the start."""

    def window(begins_s: int, ends_s: int) -> Window:
        return Window(start + timedelta(seconds=begins_s), start + timedelta(seconds=ends_s))

    return [
        satellite(name, windows=[window(*each) for each in own]) for name, own in windows.items()
    ]


def ready(nodes: Objects, satellite_names: Mapping[str, object]) -> dict[str, bool]:
    return {name: is_ready(nodes, name) for name in satellite_names}


def pod_ready(pod: Json) -> bool:
    """By word of the Pod's own condition, which the node controller takes away in the dark."""
    found = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in found)


def is_deleted(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def happened(event: Json) -> datetime:
    """When an Event was seen last."""
    moment = event.get("lastTimestamp") or event.get("eventTime")
    return datetime.fromisoformat(moment or event["metadata"]["creationTimestamp"])
