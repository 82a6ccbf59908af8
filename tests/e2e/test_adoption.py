"""A satellite is lost, its work moves; it returns, and its Pod is adopted as it is."""

from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story.manifests import MODEL, NAMESPACE, REPLICAS
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_SATELLITES, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import phases, serving
from real_fleet.base import Served
from real_fleet.views import NODES, containers, marks, nodes_of, on, pods_of, satellite_status


async def test_a_lost_satellite_returns_and_its_pod_is_adopted(
    served: Served, traffic: TrafficProcess
) -> None:
    stage, victim, other, spare = served.stage, served.victim, served.other, served.spare
    constellation = stage.constellation
    pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
    before = containers(on(pods, victim))
    epoch = satellite_status(
        await constellation.until(ALL_SATELLITES, bool, within_s=10, what="satellites"), victim
    ).epoch
    async with act(stage, "Lost, and back", traffic) as clock:
        clock.start(f"link of {victim} cut in contact")
        await constellation.cut(victim)
        satellites = await constellation.until(
            ALL_SATELLITES,
            lambda found: phases(found)[victim] is SatellitePhase.LOST,
            within_s=45,
            what=f"{victim} is Lost",
        )
        clock.saw(f"{victim} is Lost")
        assert satellite_status(satellites, victim).epoch == epoch + 1
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {other, spare},
            within_s=90,
            what=f"the replacement on {spare} serves",
        )
        clock.saw(f"the replacement on {spare} serves")
        nodes = await constellation.until(NODES, bool, within_s=10, what="Nodes")
        assert names.LOST_TAINT in marks(nodes, victim).taints
        pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
        assert containers(on(pods, victim)) == before, "the old Pod stays in the API"

        clock.start(f"link of {victim} restored")
        await constellation.restore(victim)
        pods = await constellation.until(
            pods_of(MODEL),
            lambda found: len(found) == REPLICAS and nodes_of(found) == {victim, other},
            within_s=150,
            what="the stand-in has ended, and nobody else",
        )
        clock.saw("the stand-in has ended")
        await constellation.until(
            NODES,
            lambda found: marks(found, victim).taints == {names.SATELLITE_TAINT},
            within_s=30,
            what=f"the taint is lifted off {victim}",
        )
        clock.saw(f"{victim} is adopted, its taint lifted")
        assert containers(on(pods, victim)) == before, "adopted: the same container"
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {victim, other},
            within_s=30,
            what=f"{victim} and {other} serve",
        )
        clock.saw(f"{victim} serves the ground with the container it had")
    nodes = await constellation.until(NODES, bool, within_s=10, what="Nodes")
    for name in (victim, other, spare):
        # The spare keeps the label: the artifacts of the revision are on board.
        assert marks(nodes, name).labels == {
            names.SATELLITE_LABEL: "true",
            names.SATELLITE_NODE_LABEL: name,
            names.ORBIT_LABEL: "fixed",
            names.node_revision_label(NAMESPACE, MODEL, served.revision): "true",
        }
