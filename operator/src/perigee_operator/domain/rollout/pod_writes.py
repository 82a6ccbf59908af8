"""Labels of a model's Pods: who serves, whom the ground may ask, and who answers as a shadow.

An apply takes away only what an apply has said, so what must go is taken off by name: others may
have put it there.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from perigee_api import names
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.kinds import POD
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import Apply, ObjectKey, RemoveLabels

DELETION_COST_ANNOTATION = "controller.kubernetes.io/pod-deletion-cost"
FIRST_TO_GO = "-1000"


def pod_labels(
    pods: Sequence[PodView],
    active: frozenset[str],
    first_to_go: frozenset[str],
    satellites: Mapping[str, Satellite],
    shadows: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Apply | RemoveLabels, ...]:
    """The writes that make Pods bear what they should.

    Those that begin to serve come before those that end: at no moment does nobody serve.

    Args:
        pods: the model's Pods that nobody is deleting.
        active: uids of those that serve.
        first_to_go: uids of those that a ReplicaSet is to end first.
        satellites: by Node name.
        shadows: by uid, the share of requests, in percent, that is to be handed on to a Pod.
    """
    changes: list[tuple[int, str, list[Apply | RemoveLabels]]] = []
    for pod in pods:
        satellite = satellites.get(pod.node or "")
        labels = {}
        if pod.uid in active:
            labels[names.ACTIVE_LABEL] = "true"
        if satellite is not None and satellite.reachable:
            labels[names.IN_CONTACT_LABEL] = "true"
        if pod.uid in shadows and pod.uid not in active:
            labels[names.SHADOW_LABEL] = str(shadows[pod.uid])
        cost = FIRST_TO_GO if pod.uid in first_to_go else None
        writes = list(_writes(pod, labels, cost))
        if writes:
            changes.append((_turn(_present(pod), labels), pod.name, writes))
    changes.sort(key=lambda change: change[:2])
    return tuple(write for _, _, writes in changes for write in writes)


def _turn(present: Mapping[str, str], wanted: Mapping[str, str]) -> int:
    """When it is a Pod's turn: first those that begin to serve, last those that end."""
    if names.ACTIVE_LABEL in wanted and names.ACTIVE_LABEL not in present:
        return 0
    return 2 if names.ACTIVE_LABEL in present and names.ACTIVE_LABEL not in wanted else 1


def _present(pod: PodView) -> dict[str, str]:
    ours = (names.ACTIVE_LABEL, names.IN_CONTACT_LABEL, names.SHADOW_LABEL)
    return {key: pod.labels[key] for key in ours if key in pod.labels}


def _writes(
    pod: PodView, labels: dict[str, str], cost: str | None
) -> Iterator[Apply | RemoveLabels]:
    key = ObjectKey(POD, pod.name, pod.namespace)
    present = _present(pod)
    cost_differs = cost is not None and cost != pod.deletion_cost
    if cost_differs or any(present.get(label) != value for label, value in labels.items()):
        metadata: dict[str, Any] = {"uid": pod.uid, "labels": labels}
        if cost is not None:
            metadata["annotations"] = {DELETION_COST_ANNOTATION: cost}
        yield Apply(key, {"metadata": metadata})
    surplus = frozenset(present.keys() - labels.keys())
    # Any other cost is a user's own.
    spared = cost is None and pod.deletion_cost == FIRST_TO_GO
    annotations = frozenset({DELETION_COST_ANNOTATION} if spared else ())
    if surplus or annotations:
        yield RemoveLabels(key, pod.uid, surplus, annotations)
