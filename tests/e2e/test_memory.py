"""How much memory Perigee's programs take on real nodes."""

import asyncio

from perigee_demo.story.journal import Entry
from perigee_demo.story.traffic_process import TrafficProcess
from real_fleet.base import Served
from real_fleet.programs import peak_mib, resident_mib, the_program

ANSWERS = 20

LIMITS_MIB = {"perigee-operator run": 256, "perigee-edge report": 96, "perigee-edge serve": 512}
"""Resident, with three satellites and a network of 40 MB: far below what the chart allows."""


async def test_programs_stay_small(served: Served, traffic: TrafficProcess) -> None:
    stage, lab = served.stage, served.stage.constellation.lab
    await traffic.until(
        lambda counts: counts["answered"] >= ANSWERS, within_s=60, what=f"{ANSWERS} answers"
    )
    found = {}
    for node, command in zip(("ground", served.victim, served.victim), LIMITS_MIB, strict=True):
        pid = await asyncio.to_thread(the_program, lab, node, command)
        found[command] = resident_mib(pid)
        text = f"{command}: {resident_mib(pid):.0f} MiB resident, {peak_mib(pid):.0f} MiB at most"
        stage.journal.write(Entry("Memory", text))
    assert {name for name, mib in found.items() if mib > LIMITS_MIB[name]} == set(), found
