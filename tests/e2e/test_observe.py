"""Mode Observe, by an upgrade of the release: verdicts, and nothing is done."""

import asyncio

from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.cluster import Objects
from perigee_demo.story.installation import helm_upgrade
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_SATELLITES, act
from perigee_demo.story.views import phases, serving
from real_fleet.base import Served
from real_fleet.history import history
from real_fleet.resources import SATELLITES
from real_fleet.views import NODES, Marks, marks, pods_of

WATCHED_S = 10


async def test_observe_tells_and_does_nothing(served: Served) -> None:
    stage, victim, other, spare = served.stage, served.victim, served.other, served.spare
    constellation = stage.constellation
    lab = constellation.lab
    async with act(stage, "Observe", None) as clock:
        clock.start("release upgraded to mode Observe")
        await asyncio.to_thread(
            helm_upgrade, lab, "perigee", "--reuse-values", "--set=mode=Observe"
        )
        clock.saw("upgraded")
        async with (
            history(constellation, NODES, _all_marks) as of_nodes,
            history(constellation, pods_of(MODEL), _labels) as of_pods,
        ):
            clock.start(f"link of {victim} cut in contact")
            await constellation.cut(victim)
            await constellation.until(
                ALL_SATELLITES,
                lambda found: phases(found)[victim] is SatellitePhase.LOST,
                within_s=60,
                what=f"the verdict: {victim} is Lost",
            )
            clock.saw(f"the verdict: {victim} is Lost")
            await constellation.throughout(
                pods_of(MODEL),
                lambda found: len(found) == 2,
                for_s=WATCHED_S,
                what="no stand-in is started",
            )
            assert len(of_nodes) == 1, "nothing of Perigee's on any Node has changed"
            assert len(of_pods) == 1, "no label of any Pod has changed"
            clock.saw("and nothing is done about it")

        clock.start("release upgraded to mode Act")
        await asyncio.to_thread(helm_upgrade, lab, "perigee", "--reuse-values", "--set=mode=Act")
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {other, spare},
            within_s=90,
            what=f"the replacement on {spare} serves",
        )
        clock.saw("now its work has moved")
        nodes = await constellation.until(NODES, bool, within_s=10, what="Nodes")
        assert names.LOST_TAINT in marks(nodes, victim).taints


def _all_marks(nodes: Objects) -> dict[str, Marks]:
    return {name: marks(nodes, name) for name in SATELLITES}


def _labels(pods: Objects) -> dict[str, dict[str, str]]:
    return {pod["metadata"]["uid"]: pod["metadata"]["labels"] for pod in pods}
