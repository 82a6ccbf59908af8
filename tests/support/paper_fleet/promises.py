"""What Perigee promises of a model, checked after everything that anybody does.

`Promises` watches a fleet: hand `Promises(fleet).look` to its observers.
"""

from operator import is_
from typing import Any

from paper_fleet.api_server import Item
from paper_fleet.fleet import PaperFleet
from perigee_api import names
from perigee_api.heartbeat import Assignment
from perigee_api.inference_model import InferenceModelStatus
from perigee_operator.domain import kinds
from perigee_operator.domain.rollout.invariants import Copy, Scene, broken
from perigee_operator.domain.rollout.watchdog import INVARIANTS_HOLD, taken_out
from perigee_operator.domain.writes import ObjectKey

SWEPT = "swept"
BOARD = "the satellites have talked"
OF_SERVING = (kinds.INFERENCE_MODEL, kinds.POD, kinds.SATELLITE_NODE)
"""Kinds whose objects tell who serves."""


class Promises:
    """Remembers how it was, to see what is broken by whom."""

    def __init__(self, fleet: PaperFleet) -> None:
        self._fleet = fleet
        self._serving: dict[str, frozenset[str]] = {}
        self._swapping: dict[str, frozenset[str]] = {}
        self._seen: tuple[tuple[Item, ...], ...] = ()

    def look(self, done: str) -> None:
        """Checks all promises.

        Raises:
            AssertionError: one is broken; it says by what.
        """
        before, self._seen = self._seen, tuple(map(self._fleet.api.items, OF_SERVING))
        if done != SWEPT and len(before) == len(OF_SERVING) and all(map(is_, before, self._seen)):
            # None of them is another: what was served then is served now.
            return
        for model in self._fleet.api.items(kinds.INFERENCE_MODEL):
            name = model["metadata"]["name"]
            self._one_good_copy_always_serves(name, done)
            if done == SWEPT:
                found = broken(self._scene(name))
                assert not found, f"{name}: {found}"
                self._nobody_but_whom_the_steps_let_in(name)
                self._the_planner_finds_nothing_broken(name)

    def serving(self, model: str) -> frozenset[str]:
        """uids of the Pods that serve: active, verified, not deleted, not on a lost satellite."""
        return frozenset(
            pod["metadata"]["uid"]
            for pod in self._fleet.pods(model)
            if _is_active(pod) and _is_verified(pod) and self._is_in_service(pod)
        )

    def _one_good_copy_always_serves(self, model: str, done: str) -> None:
        """Whoever wrote last: what served and still could must not be gone to the last copy."""
        before, present = self._serving.get(model, frozenset()), self.serving(model)
        self._serving[model] = present
        if present or not before or done == BOARD:
            return
        left = before & {
            pod["metadata"]["uid"]
            for pod in self._fleet.api.items(kinds.POD)
            if _is_verified(pod) and self._is_in_service(pod)
        }
        let_go = self._copies(model) == 1 and "maxUnavailable" in self._rollout(model)
        assert not left or let_go, f"nothing of {model} serves: {done}"

    def _scene(self, model: str) -> Scene:
        """A model as it has come about."""
        status, pods = self._fleet.model(model), self._fleet.pods(model)
        swapping, before = taken_out(status.swaps), self._swapping.get(model, frozenset())
        self._swapping[model] = swapping
        revisions = self._revisions(model)
        return Scene(
            stable=status.stable_revision,
            candidate=status.candidate_revision,
            wave=status.rollout.wave if status.rollout else 0,
            open_to={name: frozenset(self._open_to(model, name)) for name in revisions},
            hosts={name: frozenset(self._places(model, name)) for name in revisions},
            out_of_service=frozenset(filter(self._fleet.is_lost, self._fleet.satellites)),
            next_wave=_next_wave(status),
            ahead=frozenset(self._told_ahead(model)),
            copies=tuple(
                Copy(_name(p), p["spec"].get("nodeName"), _is_verified(p), _is_active(p))
                for p in pods
            ),
            swapping=swapping,
            # Who has begun goes on, though fewer may be out by now.
            spare=max(self._rollout(model).get("maxUnavailable", 1), len(before)),
            led_on=bool(status.message),
        )

    def _the_planner_finds_nothing_broken(self, model: str) -> None:
        types = {condition.type for condition in self._fleet.model(model).conditions}
        assert INVARIANTS_HOLD not in types, self._fleet.model(model).message

    def _nobody_but_whom_the_steps_let_in(self, model: str) -> None:
        """They match a selector so far, or are within the greatest number so far."""
        rollout, steps = self._fleet.model(model).rollout, self._steps(model)
        if rollout is None or rollout.direct or rollout.all_passed or not steps:
            return
        begun = steps[: rollout.step + 1]
        most = max(_number(step, len(self._fleet.satellites)) for step in begun)
        selectors = [s["wave"]["selector"] for s in begun if s.get("wave", {}).get("selector")]
        others = {
            node
            for node in self._empty(model, rollout.candidate)
            if not any(selector.items() <= self._labels(node).items() for selector in selectors)
        }
        assert len(others) <= most, f"{others} may run the candidate: {most} may, and {selectors}"

    def _steps(self, model: str) -> list[dict[str, Any]]:
        """A model's own; none where it goes by a policy."""
        rollout = self._rollout(model)
        return [] if "policy" in rollout else list(rollout.get("steps", []))

    def _rollout(self, model: str) -> dict[str, Any]:
        return dict(self._spec(model).get("rollout", {}))

    def _spec(self, model: str) -> dict[str, Any]:
        item = self._fleet.api.get(ObjectKey(kinds.INFERENCE_MODEL, model, "default"))
        return dict(item["spec"]) if item else {}

    def _copies(self, model: str) -> int:
        """As many as the model wants; of one for every satellite, as many as may run it."""
        placement = self._spec(model).get("placement", {})
        if not placement.get("everySatellite"):
            return int(placement.get("replicas", 1))
        selector = placement.get("nodeSelector", {}).items()
        return sum(
            selector <= self._labels(item["metadata"]["name"]).items()
            and not item["spec"].get("maintenance")
            and not self._fleet.is_lost(item["metadata"]["name"])
            for item in self._fleet.api.items(kinds.SATELLITE_NODE)
        )

    def _empty(self, model: str, revision: str) -> set[str]:
        """Nodes in service that may get a Pod of a revision, and have none."""
        empty = self._open_to(model, revision) - self._places(model, revision)
        return {node for node in empty if not self._fleet.is_lost(node)}

    def _labels(self, node: str) -> dict[str, str]:
        return dict(self._fleet.node(node)["metadata"]["labels"])

    def _revisions(self, model: str) -> set[str]:
        prefix = names.node_revision_label("default", model, "")
        return {
            label.removeprefix(prefix)
            for node in self._fleet.api.items(kinds.NODE)
            for label in node["metadata"]["labels"]
            if label.startswith(prefix)
        }

    def _open_to(self, model: str, revision: str) -> set[str]:
        label = names.node_revision_label("default", model, revision)
        nodes = self._fleet.api.items(kinds.NODE)
        return {n["metadata"]["name"] for n in nodes if label in n["metadata"]["labels"]}

    def _told_ahead(self, model: str) -> set[str]:
        """Satellites that fetch anything ahead; where several models are, nobody asks of which."""
        if [item["metadata"]["name"] for item in self._fleet.api.items(kinds.INFERENCE_MODEL)] != [
            model
        ]:
            return set()
        known = {item["metadata"]["name"] for item in self._fleet.api.items(kinds.SATELLITE_NODE)}
        return {name for name in known if told_ahead(self._fleet, name)}

    def _places(self, model: str, revision: str) -> set[str]:
        return {
            pod["spec"]["nodeName"]
            for pod in self._fleet.api.items(kinds.POD)
            if pod["metadata"]["labels"].get(names.MODEL_LABEL) == model
            and pod["metadata"]["labels"][names.REVISION_LABEL] == revision
            and "nodeName" in pod["spec"]
        }

    def _is_in_service(self, pod: Item) -> bool:
        node = pod["spec"].get("nodeName")
        return node is not None and not self._fleet.is_lost(node)


def told_ahead(fleet: PaperFleet, name: str) -> tuple[str, ...]:
    """Digests of what a satellite is told to fetch ahead of its turn."""
    lease = fleet.api.get(ObjectKey(kinds.LEASE, name, names.HEARTBEAT_NAMESPACE))
    text = (lease or {"metadata": {}})["metadata"].get("annotations", {})
    said = text.get(names.ASSIGNMENT_ANNOTATION)
    return (Assignment.model_validate_json(said).ahead or ()) if said else ()


def _next_wave(status: InferenceModelStatus) -> int:
    """Satellites that a rollout's next wave lets in beside those of now."""
    coming = status.rollout.next_wave if status.rollout else None
    return coming.satellites if coming else 0


def _number(step: dict[str, Any], copies: int) -> int:
    """How many satellites a step lets in, whoever they are, at the most."""
    wave = step.get("wave", {})
    percent = wave.get("percent", step.get("weight", 0))
    return max(1, int(wave.get("count", 0)), copies * int(percent) // 100)


def _is_active(pod: Item) -> bool:
    return bool(pod["metadata"]["labels"].get(names.ACTIVE_LABEL) == "true")


def _is_verified(pod: Item) -> bool:
    containers = pod.get("status", {}).get("containerStatuses", [])
    return bool(containers) and all(container["ready"] for container in containers)


def _name(pod: Item) -> str:
    return str(pod["metadata"]["name"])
