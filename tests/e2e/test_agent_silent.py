"""The agent's death is not the satellite's."""

import asyncio
import os
import signal

from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_SATELLITES, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import phases, serving
from real_fleet.base import Served
from real_fleet.history import history
from real_fleet.programs import the_program
from real_fleet.resources import LOST_AFTER_S
from real_fleet.views import containers, holds, pods_of, satellite_status

KUBELET_PATIENCE_S = 15
"""The operator's: a kubelet that lives has been heard within it."""


async def test_a_silent_agent_is_told_and_loses_no_satellite(
    served: Served, traffic: TrafficProcess
) -> None:
    stage, victim, other = served.stage, served.victim, served.other
    constellation = stage.constellation
    before = containers(await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods"))
    agent = await asyncio.to_thread(the_program, constellation.lab, victim, "perigee-edge report")
    async with (
        act(stage, "The agent is silent", traffic) as clock,
        history(constellation, ALL_SATELLITES, lambda found: phases(found)[victim]) as seen,
    ):
        clock.start(f"the agent on {victim} is stopped")
        os.kill(agent, signal.SIGSTOP)
        try:
            await constellation.until(
                ALL_SATELLITES,
                lambda found: holds(satellite_status(found, victim), "AgentSilent"),
                within_s=45,
                what=f"{victim} is AgentSilent",
            )
            clock.saw(f"{victim} is AgentSilent")
            await constellation.throughout(
                ALL_SATELLITES,
                lambda found: phases(found)[victim] is SatellitePhase.IN_CONTACT,
                for_s=LOST_AFTER_S + KUBELET_PATIENCE_S,
                what=f"{victim} is InContact, its kubelet being heard",
            )
            clock.saw("it stays in contact: its kubelet is heard")
            await constellation.until(
                ALL_ENDPOINTS,
                lambda found: serving(found) == {victim, other},
                within_s=1,
                what="both serve the ground",
            )
        finally:
            os.kill(agent, signal.SIGCONT)
        clock.start(f"the agent on {victim} goes on")
        await constellation.until(
            ALL_SATELLITES,
            lambda found: not holds(satellite_status(found, victim), "AgentSilent"),
            within_s=30,
            what=f"{victim} is not AgentSilent any more",
        )
        clock.saw("it is heard again")
    assert SatellitePhase.LOST not in seen
    pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
    assert containers(pods) == before, "nothing moved"
