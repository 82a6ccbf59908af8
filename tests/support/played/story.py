"""What happens to the satellites and the model of one world, a chapter at a time."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from perigee_api import names
from perigee_api.termination import TerminationReason
from perigee_operator.domain.kinds import (
    INFERENCE_MODEL,
    REPLICA_SET,
    ROLLOUT_ACTION,
    SATELLITE_NODE,
)
from played import pod_status
from played.awaiting import until
from played.constellation import Constellation
from played.resources import artifact, model, revision, satellite_node

State = dict[str, Any]

ROLLOUT: Final = {
    "steps": [
        {"wave": {"count": 1}},
        {"analysis": {"golden": {}}},
        {"weight": 50},
        {"pause": {"duration": 1}},
    ]
}


PATIENCE: Final = {"heartbeatInterval": 2, "lostAfter": 8}
"""Seconds; the machine may have so much to do that heartbeats are late."""


OWN_NAME: Final = "perigee-lab"
"""Whose kubeconfig it is: nobody may give another name."""


class Story:
    """A world, and what may happen in it."""

    def __init__(self, sky: Constellation, name: str) -> None:
        self.sky = sky
        self.name = name
        self._lost = ""
        sky.models.add(name)
        sky.statuses["d" * 64] = lambda address: pod_status.given_up(
            address, TerminationReason.GOLDEN_SET_FAILED, "agreement 0.5 is below 0.98"
        )

    async def first(self) -> None:
        """The model and its satellites are created."""
        access, sky = self.sky.access, self.sky
        for satellite in sky.satellites:
            body = satellite_node(satellite, sky.world, liveness=PATIENCE)
            await access.create(SATELLITE_NODE, body)
        body = model(self.name, "a", {"replicas": 2}, ROLLOUT)
        await access.create(INFERENCE_MODEL, body, sky.namespace)

    async def good(self) -> None:
        """The model gets a new revision."""
        await self._ask_for("b")

    async def bad(self) -> None:
        """The model gets a revision that fails its golden set."""
        await self._ask_for("d")

    async def superseded(self) -> None:
        """The model gets another revision while one is being introduced."""
        await self._ask_for("c")
        await until(lambda: self._has_workload("c"))
        await self._ask_for("e")

    async def back(self) -> None:
        """A person wants the revision back that served before."""
        await self._decide("RollBack")

    async def deletion(self) -> None:
        """The model is deleted as soon as the rollout of another revision has a workload."""
        await self._ask_for("f")
        await until(lambda: self._has_workload("f"))
        self.sky.serving.end(self.name)
        await self.sky.access.delete(INFERENCE_MODEL, self.name, self.sky.namespace)

    async def loss(self) -> None:
        """A satellite that serves is heard no more."""
        self._lost = self._hosts()[0]
        self.sky.lose(self._lost)

    async def comeback(self) -> None:
        """It is back, with its Pod as it was."""
        self.sky.restore(self._lost)

    async def second_comeback(self) -> None:
        """So is the other one."""
        self.sky.restore(self._lost)

    async def forgetting(self) -> None:
        """The SatelliteNode of a satellite that serves is deleted."""
        await self.sky.access.delete(SATELLITE_NODE, self._hosts()[0])

    async def loss_in_a_rollout(self) -> None:
        """A satellite of the candidate's wave is lost; then a person lets the rollout go on."""
        rollout = {"steps": [{"wave": {"count": 1}}, {"pause": {}}]}
        await self._ask_for("b", rollout=rollout)
        await until(self._awaits_a_person)
        self._lost = self._hosts(revision("b"))[0]
        self.sky.lose(self._lost)
        await until(self._knows_of_the_loss)
        await self._decide("Resume")

    async def _awaits_a_person(self) -> bool:
        item = await self.sky.access.get(INFERENCE_MODEL, self.name, self.sky.namespace)
        rollout = ((item or {}).get("status") or {}).get("rollout") or {}
        return rollout.get("step") == 1 and bool(self._hosts(revision("b")))

    async def _knows_of_the_loss(self) -> bool:
        item = await self.sky.access.get(SATELLITE_NODE, self._lost)
        return ((item or {}).get("status") or {}).get("phase") == "Lost"

    async def _decide(self, verb: str) -> None:
        name = f"{self.name}-{verb.lower()}"
        spec = {"model": self.name, "verb": verb, "by": OWN_NAME}
        body = {"metadata": {"name": name}, "spec": spec}
        await self.sky.access.create(ROLLOUT_ACTION, body, self.sky.namespace)

    async def _has_workload(self, letter: str) -> bool:
        name = names.workload_name(self.name, revision(letter))
        return await self.sky.access.get(REPLICA_SET, name, self.sky.namespace) is not None

    def _hosts(self, letter_revision: str | None = None) -> list[str]:
        """Satellites with a Pod that serves, or with one of a revision."""
        wanted = (
            {names.ACTIVE_LABEL: "true"}
            if letter_revision is None
            else {names.REVISION_LABEL: letter_revision}
        )
        return sorted(
            pod["spec"]["nodeName"]
            for pod in self.sky.pods.values()
            if wanted.items() <= pod["metadata"]["labels"].items() and "nodeName" in pod["spec"]
        )

    async def _ask_for(self, letter: str, **more: Any) -> None:
        change = {"spec": {"artifact": artifact(letter), **more}}
        await self.sky.access.patch(INFERENCE_MODEL, self.name, change, self.sky.namespace)


@dataclass(frozen=True)
class Chapter:
    """Something that happens, and when it is over, as a look at the state tells."""

    happens: Callable[[Story], Coroutine[Any, Any, None]]
    is_over: Callable[[State], bool]
    is_struck: bool = True
    """The operator is to die in it."""

    @property
    def name(self) -> str:
        """Of what happens."""
        return self.happens.__name__


def _serves(letter: str, phase: str) -> Callable[[State], bool]:
    def serves(state: State) -> bool:
        (found,) = state["models"]
        return (found["stableRevision"], found["phase"]) == (revision(letter), phase)

    return serves


def _phases(*phases: str | None) -> Callable[[State], bool]:
    def are(state: State) -> bool:
        found = [s["satellite"]["phase"] if s["satellite"] else None for s in state["satellites"]]
        active = sum(p["active"] == "true" for s in state["satellites"] for p in s["pods"])
        return sorted(found, key=str) == sorted(phases, key=str) and active == 2

    return are


def _is_forgotten(state: State) -> bool:
    """The satellite without a SatelliteNode has no Pod any more."""
    left = [pod for s in state["satellites"] if s["satellite"] is None for pod in s["pods"]]
    return not left and _phases("InContact", "InContact", None)(state)


def _is_gone(state: State) -> bool:
    pods = [pod for satellite in state["satellites"] for pod in satellite["pods"]]
    return not any((pods, state["models"], state["workloads"], state["services"]))


ROLLOUTS: Final = (
    Chapter(Story.first, _serves("a", "Healthy")),
    Chapter(Story.good, _serves("b", "Healthy")),
    Chapter(Story.superseded, _serves("e", "Healthy")),
    Chapter(Story.bad, _serves("e", "Degraded")),
    Chapter(Story.back, _serves("b", "Degraded")),
    Chapter(Story.deletion, _is_gone),
)
FAILOVER: Final = (
    Chapter(Story.first, _phases("InContact", "InContact", "InContact"), is_struck=False),
    Chapter(Story.loss, _phases("InContact", "InContact", "Lost")),
    Chapter(Story.comeback, _phases("InContact", "InContact", "InContact")),
    Chapter(
        Story.loss_in_a_rollout,
        lambda state: (
            _serves("b", "Healthy")(state) and _phases("InContact", "InContact", "Lost")(state)
        ),
    ),
    Chapter(Story.second_comeback, _phases("InContact", "InContact", "InContact"), is_struck=False),
    Chapter(Story.forgetting, _is_forgotten),
)
