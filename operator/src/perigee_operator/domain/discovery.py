"""Nodes that join as satellites without a resource of their own, and Nodes that have left."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from perigee_api import names
from perigee_operator.domain.fleet import ModelView, NodeView, PodView
from perigee_operator.domain.kinds import NODE, SATELLITE_NODE
from perigee_operator.domain.projection import is_ours, label_writes, leaving_writes, taint_writes
from perigee_operator.domain.rollout.workload_writes import delete_pod
from perigee_operator.domain.writes import (
    Announce,
    Apply,
    EventType,
    ObjectKey,
    RemoveLabels,
    Track,
    Write,
)

NAME_LIMIT = 63
REFUSED = {names.DISCOVERY_LABEL: "refused"}
"""On a Node by which it is remembered that this was announced."""


def strays(nodes: Collection[NodeView], models: Iterable[ModelView]) -> tuple[NodeView, ...]:
    """Of the Nodes that belong to no SatelliteNode those that are Perigee's business.

    They are satellites, bear what Perigee once put there, or have Pods of models.
    """
    hosts = {pod.node for model in models for pod in model.pods} if nodes else set()
    return tuple(node for node in nodes if node.name in hosts or _concerns_us(node))


def _joins(node: NodeView) -> bool:
    """Whether it is a satellite, by the label that it joined with."""
    return node.labels.get(names.SATELLITE_LABEL) == "true"


def _concerns_us(node: NodeView) -> bool:
    return _joins(node) or any(map(is_ours, node.labels))


def is_departing(node: NodeView, pods: Iterable[PodView]) -> bool:
    """Whether a Node without a SatelliteNode has something left from when it had one.

    Beside what was projected that is a Pod which the scheduler bound to it while it left.
    """
    if names.SATELLITE_NODE_LABEL in node.labels:
        return True
    return not _joins(node) and any(not pod.deleting for pod in pods)


def stray_track(
    node: NodeView,
    pods: tuple[PodView, ...],
    dispensable: frozenset[str],
    *,
    name_taken: bool,
    now: datetime,
) -> Track:
    """What is done about a Node that belongs to no SatelliteNode.

    If its SatelliteNode was deleted, the Pods of models on it end as soon as others stand in for
    them, and then the Node leaves the fleet. If it never had one, it has just joined, and gets
    one. Nothing has to be remembered for that, so a deletion that happened while the operator was
    down is noticed just as well.

    Args:
        node: the Node.
        pods: the Pods of models on it.
        dispensable: uids of Pods that may end.
        name_taken: a SatelliteNode has the Node's name, and stands for another Node.
        now: the moment.
    """
    name = f"node/{node.name}"
    if is_departing(node, pods):
        staying = [pod for pod in pods if not pod.deleting]
        if staying:
            return Track(name, tuple(_ending(node, staying, dispensable)))
        return Track(name, tuple(leaving_writes(node, forget=True)))
    joins = _joins(node)
    if joins and not _fits(node):
        return Track(name, tuple(_refused(node, now)))
    if joins and not name_taken:
        return Track(name, (discovered(node),))
    return Track(name, tuple(leaving_writes(node, forget=False)))


def _ending(
    node: NodeView, pods: Iterable[PodView], dispensable: frozenset[str]
) -> Iterator[Write]:
    """The Node is closed to the revision before its Pod ends, or another Pod comes in its place."""
    ending = [pod for pod in pods if pod.uid in dispensable]
    revisions = {names.node_revision_label(p.namespace, p.model, p.revision) for p in ending}
    if closed := revisions & node.labels.keys():
        yield RemoveLabels(ObjectKey(NODE, node.name), node.uid, frozenset(closed))
    yield from map(delete_pod, ending)


def _fits(node: NodeView) -> bool:
    return len(node.name) <= NAME_LIMIT


def _refused(node: NodeView, now: datetime) -> Iterator[Write]:
    yield from taint_writes(node, frozenset())
    yield from label_writes(node, REFUSED)
    if not REFUSED.items() <= node.labels.items():
        note = (
            f"It gets no SatelliteNode: its name has {len(node.name)} characters, where a "
            f"SatelliteNode may have {NAME_LIMIT}. Let it join under a shorter one (the kubelet's "
            "--hostname-override, node-name of K3s)."
        )
        key = ObjectKey(NODE, node.name)
        yield Announce(key, node.uid, EventType.WARNING, "DiscoveryRefused", "Discover", note, now)


def discovered(node: NodeView) -> Apply:
    """A SatelliteNode for a Node; where it is remains for a human to say."""
    return Apply(ObjectKey(SATELLITE_NODE, node.name), {"spec": {"orbit": {"unknown": {}}}})
