"""What a person asks of a rollout, as a RolloutAction, and the operator's answer to it."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from perigee_api.rollout_action import RolloutActionSpec, RolloutActionStatus, RolloutVerb
from perigee_operator.domain.kinds import ROLLOUT_ACTION, Kind
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.scope import Scope

SELF_SUBJECT_REVIEW: Final = Kind(
    "authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False
)

NAME_DIGITS: Final = 4
"""Bytes of chance in an action's name."""
WATCH_S: Final = 60
LONGEST_MODEL_PART: Final = 40
"""Of a model's name, in the name of an action."""


class UnansweredError(Exception):
    """The action stands, and the operator has not looked at it yet."""


async def own_name(api: KubernetesApi) -> str:
    """The name of this user, as the API server knows it."""
    review = await api.create(ObjectKey(SELF_SUBJECT_REVIEW, ""), {})
    name: str = review["status"]["userInfo"]["username"]
    return name


async def ask(
    api: KubernetesApi,
    namespace: str,
    spec: RolloutActionSpec,
    *,
    within_s: float,
    made: Callable[[str], None] = lambda _: None,
) -> RolloutActionStatus:
    """Makes a RolloutAction and waits for the answer.

    Args:
        api: the API server.
        namespace: the model's.
        spec: what is asked.
        within_s: how long to wait.
        made: is told its name once it stands.

    Raises:
        ApiError: it is refused: by the schema, the rights, or the admission policy.
        ApiUnreachableError: no answer from the API server.
        UnansweredError: no answer from the operator within the time.
    """
    key = ObjectKey(ROLLOUT_ACTION, _name(spec.model, spec.verb), namespace)
    body = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    action = await api.create(key, {"spec": body})
    made(key.name)
    try:
        async with asyncio.timeout(within_s):
            return await _answer(api, key, action)
    except TimeoutError as error:
        message = f"{key.name} stands, and no operator has looked at it within {within_s:g} s"
        raise UnansweredError(message) from error


async def _answer(api: KubernetesApi, key: ObjectKey, action: Json) -> RolloutActionStatus:
    scope = Scope(ROLLOUT_ACTION, key.namespace)
    version = action["metadata"]["resourceVersion"]
    while True:
        async with api.watch(scope, resource_version=version, timeout_s=WATCH_S) as events:
            async for event in events:
                version = event.object["metadata"]["resourceVersion"]
                if event.object["metadata"].get("name") != key.name:
                    continue
                status = RolloutActionStatus.model_validate(event.object.get("status") or {})
                if status.state is not None:
                    return status


def _name(model: str, verb: RolloutVerb) -> str:
    """Of its own, and one by which a person finds it again."""
    return f"{model[:LONGEST_MODEL_PART]}-{verb.value.lower()}-{secrets.token_hex(NAME_DIGITS)}"
