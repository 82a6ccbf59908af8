"""A satellite goes dark for longer than Kubernetes waits, and returns: nothing may move."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story import manifests
from perigee_demo.story.acts.first_light import BEGAN, FIXED, LONG, PLANNED
from perigee_demo.story.constellation import Constellation, while_all_hold
from perigee_demo.story.journal import PromiseBrokenError
from perigee_demo.story.manifests import Window
from perigee_demo.story.passes import Passes, playing
from perigee_demo.story.stage import (
    ALL_COPIES,
    ALL_ENDPOINTS,
    ALL_NODES,
    ALL_SATELLITES,
    Stage,
    Stopwatch,
    act,
)
from perigee_demo.story.traffic_process import Counts, TrafficProcess
from perigee_demo.story.views import copies, phases, ready_nodes, serving
from perigee_lab.play.player import EventKind

TITLE: Final = "Dark is not dead"

SETS_IN: Final = timedelta(seconds=12)
DARK: Final = timedelta(seconds=75)
"""Longer than the 50 s after which Kubernetes calls a silent node NotReady."""

EACH_ANSWERS: Final = 5
PROMPT_S: Final = 5.0
"""For a link to change after it should."""
HEARD_WITHIN_S: Final = 20.0
BACK_WITHIN_S: Final = 85.0
"""Kubelets that have failed for a while ask for their Nodes once in 30 to 60 s."""


async def dark_satellite_keeps_its_work(stage: Stage, traffic: TrafficProcess) -> None:
    """A satellite's link follows its contact plan: down at the end of a window, up at the next.

    Raises:
        PromiseBrokenError: something moved, or the satellite did not come back.
    """
    async with act(stage, TITLE, traffic) as clock:
        await traffic.until(
            lambda counts: all(
                counts["bySatellite"].get(name, 0) >= EACH_ANSWERS for name in (FIXED, PLANNED)
            ),
            within_s=30,
            what=f"{FIXED} and {PLANNED} answer",
        )
        clock.saw(f"{FIXED} and {PLANNED} answer the ground by turns")
        await _goes_dark_and_returns(stage, clock, traffic)


async def _goes_dark_and_returns(stage: Stage, clock: Stopwatch, traffic: TrafficProcess) -> None:
    constellation = stage.constellation
    sets = stage.now().replace(microsecond=0) + SETS_IN
    rises = sets + DARK
    plan = (Window(sets - BEGAN, sets), Window(rises, rises + LONG))
    manifest = manifests.planned_satellite(PLANNED, plan)
    async with playing(constellation.lab, [manifest]) as passes:
        clock.start(
            f"contact plan of {PLANNED}, which its link follows: LOS in {SETS_IN.seconds} s, "
            f"AOS {DARK.seconds} s later"
        )
        await constellation.apply(manifest)
        before = copies(await constellation.until(ALL_COPIES, bool, within_s=5, what="copies"))
        await while_all_hold(
            _sets_and_rises(stage, clock, passes, traffic, sets),
            constellation.throughout(
                ALL_COPIES,
                lambda found: copies(found) == before,
                what=f"no copy moves, no container restarts ({before})",
            ),
            constellation.throughout(
                ALL_SATELLITES,
                lambda found: SatellitePhase.LOST not in phases(found).values(),
                what="no satellite is Lost",
            ),
        )


async def _sets_and_rises(
    stage: Stage, clock: Stopwatch, passes: Passes, traffic: TrafficProcess, sets: datetime
) -> None:
    constellation = stage.constellation
    await constellation.until(
        ALL_ENDPOINTS,
        lambda found: PLANNED not in serving(found),
        within_s=(sets - stage.now()).total_seconds(),
        what=f"the ground asks the others before {PLANNED} sets",
    )
    clock.saw(f"the ground asks the others, before {PLANNED} sets")
    await passes.until(PLANNED, EventKind.LOS, 1, within_s=SETS_IN.seconds + PROMPT_S)
    clock.start(f"LOS: the link of {PLANNED} is cut")
    cut = stage.now()
    first = await traffic.until(
        lambda counts: counts["time"] > cut.timestamp(), within_s=5, what="counts of requests"
    )
    await _is_dark(stage, clock, sets + DARK)
    await passes.until(PLANNED, EventKind.AOS, 2, within_s=PROMPT_S)
    dark_s = (stage.now() - cut).total_seconds()
    clock.saw(_answered_by_others(first, traffic.counts))
    clock.start(f"AOS: the link of {PLANNED} is restored")
    await _is_back(constellation, clock, traffic)
    clock.saw(f"{PLANNED} answers the ground again, from the same container")
    clock.saw(
        f"dark for {dark_s:.0f} s: nothing moved, nothing restarted, 0 requests failed",
        scene=True,
    )


async def _is_dark(stage: Stage, clock: Stopwatch, rises: datetime) -> None:
    """ExpectedDark, and nothing else, until it rises."""
    constellation = stage.constellation

    def is_dark(phase: SatellitePhase | None) -> bool:
        return phase is SatellitePhase.EXPECTED_DARK

    await constellation.until(
        ALL_SATELLITES,
        lambda found: is_dark(phases(found).get(PLANNED)),
        within_s=HEARD_WITHIN_S,
        what=f"{PLANNED} is ExpectedDark",
    )
    clock.saw(f"{PLANNED} is ExpectedDark: its silence was foretold")
    await while_all_hold(
        _kubernetes_gives_it_up(stage, clock, rises),
        constellation.throughout(
            ALL_SATELLITES,
            lambda found: is_dark(phases(found).get(PLANNED)),
            what=f"{PLANNED} is ExpectedDark",
        ),
    )


async def _kubernetes_gives_it_up(stage: Stage, clock: Stopwatch, rises: datetime) -> None:
    """Its Node is NotReady before it rises; returns when it does."""
    await stage.constellation.until(
        ALL_NODES,
        lambda found: PLANNED not in ready_nodes(found),
        within_s=(rises - stage.now()).total_seconds(),
        what=f"the Node of {PLANNED} is NotReady",
    )
    clock.saw(f"Kubernetes calls its Node NotReady; Perigee leaves {PLANNED} alone", scene=True)
    await asyncio.sleep((rises - stage.now()).total_seconds())


def _answered_by_others(first: Counts, last: Counts) -> str:
    """What became of the requests meanwhile.

    Raises:
        PromiseBrokenError: one failed, or the dark satellite answered.
    """
    sent, failed = (last[key] - first[key] for key in ("sent", "failed"))
    by = {
        name: count - first["bySatellite"].get(name, 0)
        for name, count in last["bySatellite"].items()
    }
    others = [name for name, count in by.items() if count]
    if failed or PLANNED in others or not others:
        raise PromiseBrokenError(f"of {sent} requests {failed} failed; answers: {by}")
    return f"{sent} requests meanwhile, 0 failed, all answers from {', '.join(others)}"


async def _is_back(constellation: Constellation, clock: Stopwatch, traffic: TrafficProcess) -> None:
    """Heard, asked, and answering."""
    await constellation.until(
        ALL_SATELLITES,
        lambda found: phases(found).get(PLANNED) is SatellitePhase.IN_CONTACT,
        within_s=HEARD_WITHIN_S,
        what=f"{PLANNED} is InContact",
    )
    clock.saw(f"{PLANNED} is InContact")
    before = traffic.counts["bySatellite"].get(PLANNED, 0)
    await constellation.until(
        ALL_ENDPOINTS,
        lambda found: PLANNED in serving(found),
        within_s=BACK_WITHIN_S,
        what=f"the ground may ask {PLANNED} again",
    )
    await traffic.until(
        lambda counts: counts["bySatellite"].get(PLANNED, 0) > before,
        within_s=15,
        what=f"{PLANNED} answers",
    )
