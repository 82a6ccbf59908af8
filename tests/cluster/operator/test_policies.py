"""Models that go by a RolloutPolicy."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from perigee_operator.domain.kinds import ROLLOUT_POLICY
from played.cluster import definition_without_validation
from played.field import Field, eventually, remains
from played.resources import revision

Json = dict[str, Any]

STEPS: Json = {"steps": [{"wave": {"count": 1}}, {"pause": {"duration": 3600}}]}
AT_ONCE: Json = {"steps": [{"wave": {"count": 1}}]}


@pytest_asyncio.fixture
async def policy(field: Field) -> AsyncIterator[str]:
    """The name of a policy that is not there yet; there is none when the test has ended."""
    name = f"{field.sky.namespace}-careful"
    yield name
    if await field.access.get(ROLLOUT_POLICY, name) is not None:
        await field.access.delete(ROLLOUT_POLICY, name)


async def set_policy(field: Field, name: str, spec: Json) -> None:
    await field.access.create(ROLLOUT_POLICY, {"metadata": {"name": name}, "spec": spec})


def resolved(status: Json) -> tuple[str, str] | None:
    conditions = {c["type"]: c for c in status.get("conditions") or ()}
    found = conditions.get("PolicyResolved")
    return (found["status"], found["reason"]) if found else None


async def test_a_model_waits_for_its_policy_and_goes_on_when_it_comes(
    field: Field, policy: str
) -> None:
    await field.add_satellites()
    await field.add_model(rollout={"policy": policy})
    status = await eventually(field.model_status, lambda s: resolved(s) == ("False", "NotFound"))
    assert f"waits: there is no RolloutPolicy {policy}." in status["message"]
    assert field.pods() == []
    await set_policy(field, policy, AT_ONCE)
    status = await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
    assert resolved(status) == ("True", "Found")
    await field.ask_for("b")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
    await field.is_told_of("m", "StepPassed")


async def test_a_rollout_stays_where_it_is_while_its_policy_is_away(
    field: Field, policy: str
) -> None:
    await field.add_satellites()
    await set_policy(field, policy, STEPS)
    await field.add_model(rollout={"policy": policy})
    await field.model_comes_to(phase="Healthy")
    await field.ask_for("b")
    await eventually(field.model_status, lambda s: s.get("rollout", {}).get("step") == 1)
    await field.access.delete(ROLLOUT_POLICY, policy)
    await eventually(field.model_status, lambda s: "withheldSince" in s.get("rollout", {}))
    serving = field.serving()
    await remains(
        field.model_status,
        lambda s: (s["phase"], s["candidateRevision"]) == ("Waiting", revision("b")),
        seconds=3,
    )
    assert field.serving() == serving
    assert len(field.pods(revision("b"))) == 1
    await set_policy(field, policy, AT_ONCE)
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))


async def test_a_policy_that_makes_no_sense_stops_its_own_models_alone(
    field: Field, policy: str
) -> None:
    await field.add_satellites()
    await field.add_model(rollout={"policy": policy})
    async with definition_without_validation(field.access, ROLLOUT_POLICY):
        await set_policy(field, policy, {"steps": "slowly", "deadline": [7]})
        status = await eventually(field.model_status, lambda s: resolved(s) == ("False", "Invalid"))
        assert f"RolloutPolicy {policy} is not valid: steps: " in status["message"]
        await field.add_model(name="other")
        await field.model_comes_to(name="other", phase="Healthy")
        await field.access.delete(ROLLOUT_POLICY, policy)
