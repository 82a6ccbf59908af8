"""A satellite loses power and starts again before anybody has given it up."""

import asyncio

from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_SATELLITES, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import phases, serving
from real_fleet.base import Served
from real_fleet.history import history
from real_fleet.resources import satellite
from real_fleet.views import all_ready, containers, on, pods_of

BOOTS_WITHIN_S = 60


async def test_after_a_short_power_loss_the_same_pod_serves_again(
    served: Served, traffic: TrafficProcess
) -> None:
    stage, victim, other = served.stage, served.victim, served.other
    constellation = stage.constellation
    await constellation.apply(satellite(victim, lost_after_s=BOOTS_WITHIN_S))
    pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
    (before,) = containers(on(pods, victim))
    neighbour = containers(on(pods, other))
    async with (
        act(stage, "A short power loss", traffic) as clock,
        history(constellation, ALL_SATELLITES, lambda found: phases(found)[victim]) as seen,
    ):
        clock.start(f"power of {victim} fails")
        await constellation.crash(victim)
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {other},
            within_s=30,
            what=f"the ground asks {other} alone",
        )
        clock.saw(f"the ground asks {other} alone")
        clock.start(f"{victim} is switched on")
        await asyncio.to_thread(constellation.lab.boot, victim)
        clock.saw(f"{victim} has booted")
        pods = await constellation.until(
            pods_of(MODEL),
            lambda found: containers(on(found, victim)) != (before,) and all_ready(found),
            within_s=90,
            what=f"a new container is ready on {victim}",
        )
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {victim, other},
            within_s=90,
            what=f"{victim} serves again",
        )
        clock.saw(f"{victim} serves again")
    assert SatellitePhase.LOST not in seen
    (after,) = containers(on(pods, victim))
    assert after.pod_uid == before.pod_uid
    assert after.restarts == before.restarts + 1
    assert containers(pods) == tuple(sorted([after, *neighbour])), "no copy has moved"
