from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import model_body
from perigee_operator.domain import kinds
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.services.views.policies import policy_name, policy_view


def item(spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "careful", "uid": "u", "resourceVersion": "1"}, "spec": spec}


def test_a_policy() -> None:
    found = policy_view(item({"steps": [{"weight": 5}], "deadline": 60}))
    assert (found.name, found.spec_error) == ("careful", None)
    assert found.spec is not None
    assert (found.spec.steps[0].weight, found.spec.deadline) == (5, 60)


@pytest.mark.parametrize("spec", [None, [], "slowly", {"deadline": -1}, {"steps": {"weight": 5}}])
def test_a_policy_that_makes_no_sense_is_there_all_the_same(spec: Any) -> None:
    found = policy_view(item(spec))
    assert found.spec is None
    assert found.spec_error


def test_a_policy_that_nobody_can_name_is_none() -> None:
    with pytest.raises(UnviewableError):
        policy_view({"metadata": {}, "spec": {}})


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"spec": {"rollout": {"policy": "careful"}}}, "careful"),
        ({"spec": {"rollout": {}}}, ""),
        ({"spec": {"rollout": {"policy": 7}}}, ""),
        ({"spec": []}, ""),
        ({}, ""),
    ],
)
def test_the_policy_that_a_model_names(model: Any, expected: str) -> None:
    assert policy_name(model) == expected


def test_models_are_seen_anew_when_their_policy_changes_and_only_then() -> None:
    fleet = PaperFleet()
    fleet.ask("m", model_body(rollout={"policy": "careful"}))
    fleet.ask("other", model_body(artifact_number=2))
    seen = [fleet.snapshot().models]
    fleet.set_policy("bystander", {"deadline": 1})
    seen.append(fleet.snapshot().models)
    fleet.set_policy("careful", {"deadline": 60})
    seen.append(fleet.snapshot().models)
    fleet.set_policy("careful", {"deadline": 70})
    seen.append(fleet.snapshot().models)
    fleet.api.delete(ObjectKey(kinds.ROLLOUT_POLICY, "careful"))
    seen.append(fleet.snapshot().models)
    named = [model for model, _ in seen]
    deadlines = [m.policy and m.policy.spec and m.policy.spec.deadline for m in named]
    assert deadlines == [None, None, 60, 70, None]
    assert named[1] is named[0]
    assert all(other is seen[0][1] for _, other in seen)
