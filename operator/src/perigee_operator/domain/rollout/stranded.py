"""Pods that wait for a Node on terms that are no longer the model's.

A ReplicaSet makes its next Pods by its template as it is now, and leaves those that it has as they
are. One that found no Node under an earlier placement would wait for ever, in the place of one that
finds room.
"""

from collections.abc import Iterator

from perigee_operator.domain.fleet import ModelView, PodView
from perigee_operator.domain.kinds import POD
from perigee_operator.domain.odd import table, text
from perigee_operator.domain.workloads.workload import PLACEMENT_ANNOTATION
from perigee_operator.domain.writes import Delete, ObjectKey


def stranded(model: ModelView) -> Iterator[Delete]:
    """Clears them away, so that their ReplicaSet makes others."""
    for pod in model.pods:
        if pod.unscheduled and not pod.deleting and _is_outdated(model, pod):
            yield Delete(ObjectKey(POD, pod.name, pod.namespace), pod.uid)


def _is_outdated(model: ModelView, pod: PodView) -> bool:
    """By what its template said of itself: of the Pod others may have made something else."""
    workload = model.workloads.get(pod.revision)
    if workload is None or not pod.placement:
        return False
    template = table(table(workload.body.get("spec")).get("template"))
    annotations = table(table(template.get("metadata")).get("annotations"))
    return text(annotations.get(PLACEMENT_ANNOTATION)) != pod.placement
