"""The number of copies is changed in the middle of a rollout, by way of the scale subresource."""

from typing import Any, Final

from perigee_api import names
from perigee_operator.domain.kinds import INFERENCE_MODEL, REPLICA_SET, Kind
from played.field import Field, eventually
from played.resources import revision

Json = dict[str, Any]

AUTOSCALER: Final = Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
GATED: list[Json] = [{"wave": {"count": 1}}, {"weight": 50}, {"pause": {}}]


async def begin(field: Field, replicas: int) -> None:
    """The first revision serves on all but one of its satellites; there the second does."""
    await field.add_satellites()
    await field.add_model(placement={"replicas": replicas}, rollout={"steps": GATED})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
    await field.ask_for("b")
    await field.model_comes_to(phase="Waiting", candidate_revision=revision("b"))
    await has_copies(field, replicas)
    await field.until(lambda: len(field.serving(revision("a"))) == replicas - 1)


async def has_copies(field: Field, stable: int) -> None:
    """Waits until the ReplicaSets have so many of the stable revision, and one of the candidate."""
    revisions, copies = [revision("a"), revision("b")], [stable, 1]

    async def wanted() -> list[int]:
        found = await field.access.list(REPLICA_SET, field.sky.namespace)
        replicas = {item["metadata"]["name"]: item["spec"]["replicas"] for item in found}
        return [replicas[names.workload_name("m", each)] for each in revisions]

    await eventually(wanted, lambda found: found == copies)
    await field.until(lambda: [len(field.pods(each)) for each in revisions] == copies)
    await field.until(lambda: len(field.serving(revision("b"))) == 1)


async def end(field: Field, replicas: int) -> None:
    """Somebody lets the rollout go on, which is where it was."""
    status = await field.model_status()
    assert (status["candidateRevision"], status["rollout"]["step"]) == (revision("b"), 2)
    await field.decide("Resume")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
    await field.until(lambda: len(field.serving(revision("b"))) == replicas)
    await field.until(lambda: field.pods(revision("a")) == [])


async def test_fewer_by_kubectl_scale(field: Field) -> None:
    await begin(field, replicas=3)
    fewer = {"spec": {"replicas": 2}}
    await field.access.patch(INFERENCE_MODEL, "m", fewer, field.sky.namespace, subresource="scale")
    await has_copies(field, 2)
    await end(field, replicas=2)


async def test_more_by_an_autoscaler(field: Field) -> None:
    await begin(field, replicas=2)
    target = {"apiVersion": INFERENCE_MODEL.api_version, "kind": INFERENCE_MODEL.name, "name": "m"}
    # The cluster's own controller keeps to these bounds with no metrics at all.
    spec = {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 3}
    body = {"metadata": {"name": "m"}, "spec": spec}
    await field.access.create(AUTOSCALER, body, field.sky.namespace)
    await has_copies(field, 3)
    await field.until(lambda: len(field.serving(revision("a"))) == 2)
    await end(field, replicas=3)
