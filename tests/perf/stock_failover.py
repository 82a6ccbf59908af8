"""What stock Kubernetes does when satellites fall silent: no Perigee, default settings.

A plain Deployment on the lab's real nodes. One satellite loses its power behind a link that is cut;
then, if it is asked for, the links of all satellites are cut together: three Nodes of four. Once
more than two Nodes and 55 % of a zone are NotReady, Kubernetes marks no further Node for eviction;
those whose Leases ran out before the third one's are marked already. Prints how many seconds after
the cut what happened; tests/e2e/test_passes.py prints the same of Perigee.

    python tests/perf/stock_failover.py [--lab NAME] [--together SECONDS]
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, nullcontext, suppress
from typing import Annotated, Any, Final

import typer

from perigee_api.names import SATELLITE_LABEL, SATELLITE_TAINT
from perigee_demo.cluster import Cluster, Objects
from perigee_demo.story.constellation import Collection, Constellation
from perigee_lab import pause
from perigee_lab.lab import Lab
from perigee_lab.wanted import Request

NAME: Final = "stock"
REPLICAS: Final = 2
PODS: Final = Collection("/api/v1/namespaces/default/pods", f"app={NAME}")
NODES: Final = Collection("/api/v1/nodes")
NOT_READY_WITHIN_S: Final = 120
EVICTED_WITHIN_S: Final = 900
"""Grace and toleration are 350 s by default."""


def deployment() -> dict[str, Any]:
    """Of Pods that do nothing, each on a satellite of its own; nothing else is asked for."""
    labels = {"app": NAME}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
    pod = {
        "dnsPolicy": "Default",
        "nodeSelector": {SATELLITE_LABEL: "true"},
        "tolerations": [{"key": SATELLITE_TAINT, "operator": "Exists", "effect": "NoSchedule"}],
        "topologySpreadConstraints": [spread],
        "containers": [{"name": NAME, "image": pause.IMAGE}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": "default"},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def condition(item: dict[str, Any], kind: str) -> str:
    """Status of a condition of an object."""
    found = item.get("status", {}).get("conditions") or ()
    return next((str(each["status"]) for each in found if each["type"] == kind), "")


def leaving(pods: Objects) -> list[str]:
    """The Pods that somebody has deleted, and their Nodes: that is how Kubernetes evicts."""
    return [
        f"{pod['metadata']['name']} on {pod['spec'].get('nodeName', 'no Node')}"
        for pod in pods
        if "deletionTimestamp" in pod["metadata"]
    ]


def ready(pods: Objects) -> Objects:
    """Those that serve."""
    return tuple(p for p in pods if condition(p, "Ready") == "True")


def silent(nodes: Objects) -> set[str]:
    """Names of the Nodes that the node controller does not take for Ready."""
    return {n["metadata"]["name"] for n in nodes if condition(n, "Ready") != "True"}


def marked(nodes: Objects) -> set[str]:
    """Names of the Nodes from which Pods are to be evicted."""
    return {
        node["metadata"]["name"]
        for node in nodes
        for taint in node["spec"].get("taints") or ()
        if taint["effect"] == "NoExecute"
    }


async def deployed(constellation: Constellation) -> Objects:
    """The Deployment's Pods, once all are ready."""
    await constellation.apply(deployment())
    return await constellation.until(
        PODS,
        lambda found: len(ready(found)) == len(found) == REPLICAS,
        within_s=120,
        what=f"{REPLICAS} Pods are ready",
    )


async def one_dies(constellation: Constellation) -> None:
    """The link of a satellite is cut, and its power fails."""
    pods = await deployed(constellation)
    victim = pods[0]["spec"]["nodeName"]
    await constellation.cut(victim)
    since = time.monotonic()
    await constellation.crash(victim)
    typer.echo(f"one satellite of three dies ({victim}, {REPLICAS} Pods in all)")

    async def saw(collection: Collection, holds: Callable[[Objects], bool], what: str) -> None:
        await constellation.until(collection, holds, within_s=EVICTED_WITHIN_S, what=what)
        typer.echo(f"{time.monotonic() - since:10.1f} s  {what}")

    await asyncio.gather(
        saw(NODES, lambda found: victim in silent(found), "its Node is NotReady"),
        saw(PODS, lambda found: bool(leaving(found)), "its Pod is evicted"),
        saw(
            PODS,
            lambda found: (
                sum(p["spec"].get("nodeName") != victim for p in ready(found)) == REPLICAS
            ),
            "the replacement is ready elsewhere",
        ),
    )
    await asyncio.to_thread(constellation.lab.restore, victim)
    await asyncio.to_thread(constellation.lab.boot, victim)


async def evictions(constellation: Constellation, since: float, until_s: float) -> dict[str, float]:
    """After how many seconds which Pods were deleted."""
    found: dict[str, float] = {}
    following = constellation.cluster.follow(PODS.path, labels=PODS.labels)
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(until_s - (time.monotonic() - since)),
            aclosing(following) as states,
        ):
            async for pods in states:
                for pod in leaving(pods):
                    found.setdefault(pod, time.monotonic() - since)
    return found


async def all_are_cut(constellation: Constellation, for_s: float) -> None:
    """The links of all satellites are cut at once, for a time."""
    await deployed(constellation)
    satellites = {n.name for n in constellation.lab.state.nodes if n.is_satellite}
    for name in sorted(satellites):
        await constellation.cut(name)
    since = time.monotonic()
    typer.echo(f"{len(satellites)} Nodes of {len(satellites) + 1} are cut together")
    await constellation.until(
        NODES,
        lambda found: satellites <= silent(found),
        within_s=NOT_READY_WITHIN_S,
        what="all are NotReady",
    )
    typer.echo(f"{time.monotonic() - since:10.1f} s  all are NotReady")
    nodes = await constellation.until(NODES, bool, within_s=10, what="Nodes")
    doomed = ", ".join(sorted(marked(nodes))) or "none"
    typer.echo(f"{'':13} Nodes whose Pods Kubernetes is going to evict: {doomed}")
    evicted = await evictions(constellation, since, for_s)
    for name, after_s in evicted.items():
        typer.echo(f"{after_s:10.1f} s  {name} is evicted")
    now_s = time.monotonic() - since
    typer.echo(f"{now_s:10.1f} s  {len(evicted)} Pods of {REPLICAS} have been evicted, in all")
    for name in sorted(satellites):
        await constellation.restore(name)


async def measure(lab: Lab, together_s: float) -> None:
    """Prints the figures, and leaves nothing behind."""
    async with Cluster.connect(lab.kubeconfig) as cluster:
        constellation = Constellation(lab, cluster)
        try:
            await one_dies(constellation)
            if together_s:
                await all_are_cut(constellation, together_s)
        finally:
            run = lab.cluster.run
            await asyncio.to_thread(run, "delete", f"deployment/{NAME}", "--ignore-not-found")


@contextmanager
def started(lab: Lab) -> Iterator[None]:
    """A lab of three satellites, for the length of the block."""
    try:
        lab.up(Request(satellites=3))
        yield
    finally:
        lab.down()


def main(
    lab: Annotated[
        str, typer.Option(help="One that runs already, without Perigee; none: its own.")
    ] = "",
    together: Annotated[
        float, typer.Option(min=0, help="Seconds for which all links are cut; 0: not at all.")
    ] = 0,
) -> None:
    """Measure what stock Kubernetes does."""
    found = Lab(lab or NAME)
    with nullcontext() if lab else started(found):
        asyncio.run(measure(found, together))


if __name__ == "__main__":
    typer.run(main)
