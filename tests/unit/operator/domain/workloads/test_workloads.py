"""From an InferenceModel to native objects, as pairs of YAML files.

``expected/NAME/model.yaml`` is what a user writes, ``expected/NAME/objects.yaml`` what Perigee
makes of it; ``expected/NAME/before.yaml`` is what was stable before, if anything was. After a
change that is meant, PERIGEE_WRITE_EXPECTED=1 writes the second anew: read the difference before
it is committed.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from paper_fleet.views import IMAGE, model_view
from perigee_api.inference_model import InferenceModelSpec
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.revision import Revision, new_revision
from perigee_operator.domain.workloads.services import services
from perigee_operator.domain.workloads.workload import (
    controller_revision,
    daemon_set,
    replica_set,
)
from perigee_operator.domain.writes import Apply

EXPECTED = Path(__file__).with_name("expected")
CASES = sorted(path.name for path in EXPECTED.iterdir())
WRITES = os.environ.get("PERIGEE_WRITE_EXPECTED") == "1"


class Plain(yaml.SafeDumper):
    """Says everything twice rather than point at it."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def model_in(case: str) -> ModelView:
    document = yaml.safe_load((EXPECTED / case / "model.yaml").read_text())
    spec = InferenceModelSpec.model_validate(document["spec"])
    metadata = document["metadata"]
    return model_view(spec, name=metadata["name"], namespace=metadata["namespace"])


def fallback_in(case: str) -> Revision | None:
    """The revision before, where a case has one."""
    path = EXPECTED / case / "before.yaml"
    if not path.exists():
        return None
    spec = InferenceModelSpec.model_validate(yaml.safe_load(path.read_text())["spec"])
    return new_revision(spec, IMAGE)


def made_of(case: str) -> list[dict[str, Any]]:
    model = model_in(case)
    assert model.spec is not None
    placement, revision = model.spec.placement, new_revision(model.spec, IMAGE)
    fallback = fallback_in(case)
    if fallback is not None:
        revision = replace(revision, fallback=fallback.name)
    workload = (
        daemon_set(model, revision, fallback=fallback)
        if placement.every_satellite
        else replica_set(model, revision, placement, placement.replicas or 0, fallback=fallback)
    )
    history = controller_revision(model, revision, 1, promoted=False)
    return [written(apply) for apply in (*services(model), history, workload)]


def written(apply: Apply) -> dict[str, Any]:
    """As the writer sends it."""
    body = dict(apply.body)
    name = {"name": apply.key.name, "namespace": apply.key.namespace}
    return {
        "apiVersion": apply.key.kind.api_version,
        "kind": apply.key.kind.name,
        "metadata": name | body.pop("metadata"),
        **body,
    }


@pytest.mark.parametrize("case", CASES)
def test_what_is_made_of_a_model(case: str) -> None:
    path = EXPECTED / case / "objects.yaml"
    found = made_of(case)
    if WRITES:
        path.write_text(yaml.dump_all(found, Dumper=Plain, sort_keys=False))
    assert list(yaml.safe_load_all(path.read_text())) == found


def test_a_change_of_placement_changes_the_workload_and_not_the_revision() -> None:
    before, after = model_in("replicas"), model_in("replicas")
    assert before.spec is not None
    placement = before.spec.placement.model_copy(update={"node_selector": {"plane": "b"}})
    revision = new_revision(before.spec, IMAGE)
    first = replica_set(before, revision, before.spec.placement, 2)
    second = replica_set(after, revision, placement, 2)
    assert first.key == second.key
    annotations = [w.body["metadata"]["annotations"] for w in (first, second)]
    assert annotations[0] != annotations[1]
