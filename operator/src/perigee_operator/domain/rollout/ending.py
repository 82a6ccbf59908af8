"""Pods that a ReplicaSet was told to end and has not ended yet.

They look as well as any other, and may be gone with the next moment: nothing gives way to one.
"""

from collections.abc import Iterator

from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.kinds import REPLICA_SET
from perigee_operator.domain.rollout.pod_writes import FIRST_TO_GO


def ending(model: ModelView) -> frozenset[str]:
    """The uids of a model's Pods that are about to be deleted."""
    return frozenset(_ending(model))


def _ending(model: ModelView) -> Iterator[str]:
    for revision, workload in model.workloads.items():
        if workload.key.kind != REPLICA_SET:
            continue
        pods, asked = model.pods_of(revision), workload.body.get("spec", {})
        replicas = int(asked.get("replicas", 1))
        if len(pods) > replicas:
            yield from (p.uid for p in pods if not replicas or p.deletion_cost == FIRST_TO_GO)
