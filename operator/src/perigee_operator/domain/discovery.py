"""Nodes that join as satellites without a resource of their own, and Nodes that have left."""

from perigee_api import names
from perigee_operator.domain.fleet import NodeView, PodView
from perigee_operator.domain.kinds import SATELLITE_NODE
from perigee_operator.domain.projection import leaving_writes
from perigee_operator.domain.rollout.workload_writes import delete_pod
from perigee_operator.domain.writes import Apply, ObjectKey, Track

NAME_LIMIT = 63


def is_departing(node: NodeView) -> bool:
    """Whether a Node without a SatelliteNode was projected from one: that has been deleted."""
    return names.SATELLITE_NODE_LABEL in node.labels


def stray_track(
    node: NodeView, pods: tuple[PodView, ...], dispensable: frozenset[str], *, name_taken: bool
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
    """
    name = f"node/{node.name}"
    if is_departing(node):
        staying = [pod for pod in pods if not pod.deleting]
        if staying:
            ending = (delete_pod(pod) for pod in staying if pod.uid in dispensable)
            return Track(name, tuple(ending))
        return Track(name, tuple(leaving_writes(node, forget=True)))
    if node.labels.get(names.SATELLITE_LABEL) == "true" and not name_taken and _fits(node):
        return Track(name, (discovered(node),))
    return Track(name, tuple(leaving_writes(node, forget=False)))


def _fits(node: NodeView) -> bool:
    return len(node.name) <= NAME_LIMIT


def discovered(node: NodeView) -> Apply:
    """A SatelliteNode for a Node; where it is remains for a human to say."""
    return Apply(ObjectKey(SATELLITE_NODE, node.name), {"spec": {"orbit": {"unknown": {}}}})
