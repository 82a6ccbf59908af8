"""One operator and one constellation, and what a test looks at."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from perigee_api import names
from perigee_operator.domain.kinds import (
    EVENT,
    INFERENCE_MODEL,
    NODE,
    ROLLOUT_ACTION,
    SATELLITE_NODE,
)
from played.access import Access, Json
from played.constellation import Constellation
from played.operator_process import OperatorProcess, Setting
from played.pod_status import is_ready
from played.resources import artifact, model, rollout_action, satellite_node

WITHIN_S: Final = 90.0
LOOK_S: Final = 0.1


class Field:
    """Looks at a constellation, and changes what is wanted of it."""

    def __init__(self, sky: Constellation) -> None:
        self.sky = sky
        self.access: Access = sky.access

    async def add_satellites(self, *satellites: str, **spec: Any) -> None:
        """SatelliteNodes for them, on the smallest patience; all of the sky, if none is named."""
        for name in satellites or tuple(self.sky.satellites):
            await self.access.create(SATELLITE_NODE, satellite_node(name, self.sky.world, **spec))

    async def add_model(self, letter: str = "a", name: str = "m", **spec: Any) -> None:
        """A model, for two satellites unless told otherwise."""
        placement = spec.pop("placement", {"replicas": 2})
        body = model(name, letter, placement, spec.pop("rollout", None))
        body["spec"] |= spec
        await self.access.create(INFERENCE_MODEL, body, self.sky.namespace)

    async def ask_for(self, letter: str, name: str = "m") -> None:
        """Another artifact is wanted of a model."""
        await self.change_model({"artifact": artifact(letter)}, name)

    async def change_model(self, spec: Json, name: str = "m") -> None:
        """Merges into the spec of a model."""
        await self.access.patch(INFERENCE_MODEL, name, {"spec": spec}, self.sky.namespace)

    async def decide(self, verb: str, name: str = "m") -> None:
        """A person asks for something, by a RolloutAction."""
        await self.access.create(ROLLOUT_ACTION, rollout_action(name, verb), self.sky.namespace)

    async def change_satellite(self, name: str, spec: Json) -> None:
        """Merges into the spec of a satellite."""
        await self.access.patch(SATELLITE_NODE, name, {"spec": spec})

    async def model_status(self, name: str = "m") -> Json:
        """The status of a model; empty while there is none."""
        found = await self.access.get(INFERENCE_MODEL, name, self.sky.namespace)
        return (found or {}).get("status") or {}

    async def satellite_status(self, name: str) -> Json:
        """The status of a satellite; empty while there is none."""
        found = await self.access.get(SATELLITE_NODE, name)
        return (found or {}).get("status") or {}

    async def node(self, name: str) -> Json:
        """The Node of a satellite."""
        found = await self.access.get(NODE, name)
        assert found is not None
        return found

    async def events(self, regarding: str) -> list[str]:
        """Reasons of the Events about an object."""
        namespaces = ("default", self.sky.namespace)
        found = [e for n in namespaces for e in await self.access.list(EVENT, n)]
        return [e["reason"] for e in found if e["regarding"]["name"] == regarding]

    async def is_told_of(self, regarding: str, *reasons: str) -> list[str]:
        """Waits for Events of these reasons, which come after the status; gives all there are."""
        wanted = set(reasons)
        found: list[str] = await eventually(
            lambda: self.events(regarding), lambda told: wanted <= set(told)
        )
        return found

    async def model_comes_to(self, *, name: str = "m", **wanted: Any) -> Json:
        """Waits until the status of a model has these values; keys as in Python."""
        return await _comes_to(lambda: self.model_status(name), wanted)

    async def satellite_comes_to(self, name: str, phase: str) -> Json:
        """Waits until a satellite is in a phase."""
        return await _comes_to(lambda: self.satellite_status(name), {"phase": phase})

    def pods(self, letter_revision: str | None = None, name: str = "m") -> list[Json]:
        """Pods of a model that nobody deletes."""
        return [
            pod
            for pod in self.sky.pods.values()
            if "deletionTimestamp" not in pod["metadata"]
            and pod["metadata"]["labels"][names.MODEL_LABEL] == name
            and letter_revision in (None, pod["metadata"]["labels"][names.REVISION_LABEL])
        ]

    def serving(self, letter_revision: str | None = None, name: str = "m") -> list[str]:
        """Satellites on which a Pod of a model is active and ready."""
        return sorted(
            pod["spec"]["nodeName"]
            for pod in self.pods(letter_revision, name)
            if pod["metadata"]["labels"].get(names.ACTIVE_LABEL) == "true" and is_ready(pod)
        )

    async def until(self, holds: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Waits until something holds of what the watch of Pods tells."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, self.told()
            await asyncio.sleep(LOOK_S)

    async def for_a_while(self, holds: Callable[[], bool], seconds: float) -> None:
        """Something holds for so long, at every event of a Pod and in between."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert holds(), self.told()
            await asyncio.sleep(LOOK_S)

    def told(self) -> str:
        """All Pods, for a person."""
        return "; ".join(
            f"{p['metadata']['name']} on {p['spec'].get('nodeName')}: {p['metadata']['labels']}"
            for p in self.sky.pods.values()
        )


async def eventually(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """Waits until what a look shows is as wanted, and gives it."""
    deadline = time.monotonic() + WITHIN_S
    while not wanted(found := await look()):
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s, but {found}"
        await asyncio.sleep(LOOK_S)
    return found


async def remains(look: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float) -> None:
    """What a look shows stays as wanted for so long, at every look."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = await look()
        assert wanted(found), f"it became {found}"
        await asyncio.sleep(LOOK_S)


async def _comes_to(look: Callable[[], Any], wanted: dict[str, Any]) -> Json:
    keys = {_camel(key): value for key, value in wanted.items()}
    found: Json = await eventually(look, lambda s: all(s.get(k) == v for k, v in keys.items()))
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


@asynccontextmanager
async def operating(setting: Setting) -> AsyncIterator[OperatorProcess]:
    """Runs an operator, which must not have died by itself."""
    operator = OperatorProcess(setting)
    try:
        yield operator
        assert operator.alive, setting.log.read_text()[-4000:]
    finally:
        await operator.kill()
