"""Pods that a kubelet has refused, and the Nodes that are left alone for it.

A kubelet admits a Pod by the labels of its Node as it knows them. When its link comes back, its
watch of the Node can be up to a minute behind that of its Pods: until then it refuses what
comes for a label that is new (kubernetes/kubernetes#129463). The ReplicaSet makes another at once,
and another: each a write over a narrow link, and none is ever cleared away.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.kinds import POD
from perigee_operator.domain.writes import Delete, ObjectKey

LEFT_ALONE_S = 65.0
"""A kubelet's watches pause for a minute at most before they try again."""


def refusing_nodes(pods: Iterable[PodView], revision: str) -> frozenset[str]:
    """The Nodes that have refused a Pod of a revision of late, and run none.

    Args:
        pods: the model's.
        revision: its name.
    """
    own = [pod for pod in pods if pod.revision == revision and pod.node is not None]
    running = {pod.node for pod in own if pod.verified and not pod.deleting}
    return frozenset(
        pod.node for pod in own if pod.refused and pod.node is not None and pod.node not in running
    )


def forgotten(pods: Iterable[PodView], now: datetime) -> Iterator[Delete]:
    """Clears refused Pods away after a while; with the last of them its Node gets its chance."""
    for pod in pods:
        if pod.refused and (now - pod.created_at).total_seconds() >= LEFT_ALONE_S:
            yield Delete(ObjectKey(POD, pod.name, pod.namespace), pod.uid)
