"""What the operator cannot make sense of stops nobody else."""

import json
from typing import Any

import pytest

from perigee_api import names
from perigee_operator.domain.kinds import (
    CONTROLLER_REVISION,
    INFERENCE_MODEL,
    LEASE,
    POD,
    SATELLITE_NODE,
)
from played.access import Access
from played.cluster import definition_without_validation
from played.field import Field
from played.resources import revision

Json = dict[str, Any]


async def serves_beside(field: Field) -> None:
    """A model that is added now is served."""
    await field.add_model(name="other")
    await field.model_comes_to(name="other", phase="Healthy")
    await field.until(lambda: len(field.serving(name="other")) == 2)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (SATELLITE_NODE, {"orbit": {"contacts": [{"start": "tomorrow", "end": 7}]}}),
        (SATELLITE_NODE, {"orbit": "low", "nodeName": 7}),
        (SATELLITE_NODE, {"orbit": ["low"], "nodeName": {"a": 1}}),
        (INFERENCE_MODEL, {"artifact": 3, "placement": {"replicas": 2}}),
        (INFERENCE_MODEL, {}),
    ],
)
async def test_spec_that_makes_no_sense(
    field: Field, access: Access, kind: Any, spec: Json
) -> None:
    namespace = field.sky.namespace if kind.namespaced else None
    name = f"{field.sky.world}-odd"
    labels = {"world": field.sky.world}
    async with definition_without_validation(access, kind):
        await access.create(
            kind, {"metadata": {"name": name, "labels": labels}, "spec": spec}, namespace
        )
        await field.add_satellites()
        await serves_beside(field)
        found = await access.get(kind, name, namespace)
        assert found is not None
        conditions = {c["type"]: c["status"] for c in found["status"]["conditions"]}
        assert conditions["SpecValid"] == "False"
        await access.delete(kind, name, namespace)


async def test_damage_beside_the_specs(field: Field) -> None:
    """A report, an assignment, a status, a history and Pods that somebody has damaged."""
    *_, odd = field.sky.satellites
    access, namespace = field.access, field.sky.namespace
    await field.add_satellites()
    await field.add_model()
    await field.model_comes_to(phase="Healthy")
    field.sky.satellites[odd].report = "{not json"
    annotation = {names.ASSIGNMENT_ANNOTATION: json.dumps({"artifacts": 5})}
    field.sky.satellites[odd].agent = False
    await access.patch(
        LEASE, odd, {"metadata": {"annotations": annotation}}, names.HEARTBEAT_NAMESPACE
    )
    history = names.workload_name("m", revision("a"))
    await access.patch(
        CONTROLLER_REVISION,
        history,
        {"metadata": {"annotations": {"perigee.space/promoted": "7"}}},
        namespace,
    )
    field.sky.satellites[odd].agent = True
    labels = {names.MODEL_LABEL: "m", names.REVISION_LABEL: "what"}
    container = {"name": "serve", "image": "x", "args": ["--artifact=" + "a" * 64]}
    body = {
        "metadata": {"name": "stray", "labels": labels},
        "spec": {"containers": [container], "nodeSelector": {"nowhere": "true"}},
    }
    await access.create(POD, body, namespace)
    await serves_beside(field)
    await field.ask_for("b")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
