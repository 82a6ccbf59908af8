"""The agents come to another template, one by one, and nothing else notices."""

import asyncio
import json
from typing import Any, Final

from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.cluster import Json, Objects
from perigee_demo.story.constellation import Collection, Constellation
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_SATELLITES, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import phases
from real_fleet.base import Served
from real_fleet.history import history
from real_fleet.resources import SATELLITES
from real_fleet.views import all_ready, containers, is_leaving, nodes_of, pods_of

HASH: Final = "controller-revision-hash"
SELECTOR: Final = ",".join(f"{key}={value}" for key, value in names.AGENT_LABELS.items())
AGENTS: Final = Collection(f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}/pods", SELECTOR)
REVISIONS: Final = Collection(
    f"/apis/apps/v1/namespaces/{names.SYSTEM_NAMESPACE}/controllerrevisions", SELECTOR
)
ANNOTATION: Final = "example.com/upgraded"

REPLACED_WITHIN_S: Final = 300
"""Three, one after another, on a machine that has much else to do."""


async def test_agents_are_replaced_one_by_one_and_nothing_else_notices(
    served: Served, traffic: TrafficProcess
) -> None:
    stage, constellation = served.stage, served.stage.constellation
    before = containers(await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods"))
    agents = await constellation.until(
        AGENTS,
        lambda found: _all_run(found) and len(_hashes(found)) == 1,
        within_s=REPLACED_WITHIN_S,
        what="all agents run, and are of one template",
    )
    (first,) = _hashes(agents)
    async with (
        act(stage, "Agents are replaced", traffic) as clock,
        history(constellation, ALL_SATELLITES, phases) as seen,
        history(constellation, AGENTS, _running) as running,
    ):
        try:
            clock.start("the agents' template has another annotation")
            await _annotate(constellation, "yes")
            second = await _replaced(constellation, unlike=first)
            clock.saw("all agents are of the new template")
        finally:
            clock.start("the template is as it was")
            await _annotate(constellation, None)
        assert await _replaced(constellation, unlike=second) == first
        clock.saw("all agents are of the first template again")
    assert {phase for found in seen for phase in found.values()} == {SatellitePhase.IN_CONTACT}
    assert min(map(len, running)) == len(SATELLITES) - 1, "never two without their agent"
    pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
    assert containers(pods) == before, "no model's container has changed"


async def _annotate(constellation: Constellation, value: str | None) -> None:
    template: dict[str, Any] = {"metadata": {"annotations": {ANNOTATION: value}}}
    patch = json.dumps({"spec": {"template": template}})
    await asyncio.to_thread(
        constellation.lab.cluster.run,
        "patch",
        f"daemonset/{names.AGENT_DAEMON_SET}",
        f"--namespace={names.SYSTEM_NAMESPACE}",
        "--type=merge",
        f"--patch={patch}",
    )


async def _replaced(constellation: Constellation, *, unlike: str) -> str:
    """Waits until all agents are of the newest template, which is another one.

    Returns:
        Its hash.
    """
    revisions = await constellation.until(
        REVISIONS,
        lambda found: _newest(found) != unlike,
        within_s=30,
        what="the template has another hash",
    )
    newest = _newest(revisions)
    await constellation.until(
        AGENTS,
        lambda found: _all_run(found) and _hashes(found) == {newest},
        within_s=REPLACED_WITHIN_S,
        what="all agents are of the new template, and run",
    )
    return newest


def _newest(revisions: Objects) -> str:
    found: Json = max(revisions, key=lambda each: int(each["revision"]))
    return str(found["metadata"]["labels"][HASH])


def _hashes(agents: Objects) -> set[str]:
    return {pod["metadata"]["labels"][HASH] for pod in agents}


def _all_run(agents: Objects) -> bool:
    return _running(agents) == set(SATELLITES) == nodes_of(agents)


def _running(agents: Objects) -> frozenset[str]:
    """Satellites whose agent's containers are ready."""
    return nodes_of(tuple(pod for pod in agents if all_ready((pod,)) and not is_leaving(pod)))
