"""Perigee is uninstalled. By its name this file comes last: afterwards nothing is left to test."""

import asyncio
from pathlib import Path

from perigee_api import names
from perigee_demo.cluster import Objects
from perigee_demo.story.constellation import Collection
from perigee_demo.story.installation import helm_uninstall, helm_upgrade
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_ENDPOINTS, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import serving
from real_fleet.base import Served
from real_fleet.resources import SATELLITES
from real_fleet.views import NODES, Marks, containers, marks, pods_of

KINDS = sorted((Path(__file__).parents[2] / "crds/yaml").glob("*.yaml"))
DEFINITIONS = Collection("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
ALONE_S = 5
AS_JOINED = Marks({names.SATELLITE_LABEL: "true"}, frozenset({names.SATELLITE_TAINT}))


async def test_uninstalling_leaves_models_serving_and_nodes_as_they_joined(
    served: Served, traffic: TrafficProcess
) -> None:
    stage, constellation = served.stage, served.stage.constellation
    lab = constellation.lab
    pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
    before = containers(pods)
    async with act(stage, "Uninstalled", traffic) as clock:
        clock.start("chart perigee uninstalled")
        await asyncio.to_thread(helm_uninstall, lab, "perigee")
        nodes = await constellation.until(NODES, bool, within_s=10, what="Nodes")
        clock.saw("uninstalled")
        assert {name: marks(nodes, name) for name in SATELLITES} == dict.fromkeys(
            SATELLITES, AS_JOINED
        )
        answered = traffic.counts["answered"]
        await constellation.throughout(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {served.victim, served.other},
            for_s=ALONE_S,
            what="both satellites serve with no operator",
        )
        await traffic.until(
            lambda counts: counts["answered"] > answered, within_s=10, what="answers go on"
        )
        pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
        assert containers(pods) == before
        clock.saw("the model serves on, without an operator")

    async with act(stage, "Uninstalled", None) as clock:
        clock.start("chart perigee-crds uninstalled, as it is and then with keep=false")
        await asyncio.to_thread(helm_uninstall, lab, "perigee-crds")
        found = await constellation.until(DEFINITIONS, bool, within_s=10, what="definitions")
        assert len(_ours(found)) == len(KINDS), "kept, and with them everybody's resources"
        await asyncio.to_thread(helm_upgrade, lab, "perigee-crds", "--set=keep=false")
        await asyncio.to_thread(helm_uninstall, lab, "perigee-crds")
        await constellation.until(
            DEFINITIONS,
            lambda found: not _ours(found),
            within_s=60,
            what="the definitions are gone",
        )
        await constellation.until(
            pods_of(MODEL),
            lambda found: not found,
            within_s=90,
            what="with the InferenceModel its Pods have gone",
        )
        clock.saw("definitions, models and their Pods are gone")


def _ours(definitions: Objects) -> list[str]:
    return [
        each["metadata"]["name"] for each in definitions if names.GROUP in each["spec"]["group"]
    ]
