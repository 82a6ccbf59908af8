"""A satellite leaves the fleet: its work goes first, then what Perigee put on its Node."""

import asyncio

from perigee_api import names
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_ENDPOINTS, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import serving
from real_fleet.base import Served
from real_fleet.history import history
from real_fleet.views import NODES, marks, nodes_of, pods_of


async def test_a_deleted_satellite_node_leaves_a_clean_node(
    served: Served, traffic: TrafficProcess
) -> None:
    stage, victim, other, spare = served.stage, served.victim, served.other, served.spare
    constellation = stage.constellation
    async with (
        act(stage, "A satellite leaves", traffic) as clock,
        history(constellation, ALL_ENDPOINTS, serving) as asked,
    ):
        clock.start(f"SatelliteNode {victim} deleted")
        await asyncio.to_thread(constellation.lab.cluster.run, "delete", "sat", victim)
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {other, spare},
            within_s=90,
            what=f"{other} and {spare} serve",
        )
        clock.saw(f"{spare} serves in its place")
        assert all(len(each) >= 2 for each in asked), "it served until another did"
        await constellation.until(
            pods_of(MODEL),
            lambda found: nodes_of(found) == {other, spare},
            within_s=60,
            what=f"no Pod is left on {victim}",
        )
        nodes = await constellation.until(
            NODES,
            lambda found: not marks(found, victim).labels,
            within_s=30,
            what=f"Node {victim} bears no label of Perigee's",
        )
        clock.saw(f"Node {victim} is as it joined, and no satellite any more")
        assert marks(nodes, victim).taints == {names.SATELLITE_TAINT}
