"""A planner with a fault in it, on a fleet on paper: what must hold is not broken by it.

Faults are put into the very functions that a plan is made by; nothing else shows that what comes
out of them is looked at again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import model_body
from paper_fleet.scenes import revision, serving, watched
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout import effects
from perigee_operator.domain.rollout.layout import RevisionLayout
from perigee_operator.domain.rollout.situation import Situation

STEPS: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {"duration": 30}}]
TYPE = "InvariantsHold"


@pytest.fixture
def fleet() -> PaperFleet:
    """A model that serves on two of four satellites."""
    made = watched(4)
    made.ask("m", model_body(artifact_number=1))
    made.pass_time(60)
    assert made.model().phase is ModelPhase.HEALTHY
    # The promises say that the planner finds nothing broken; here it does.
    made.observers.clear()
    return made


@contextmanager
def fault(part: str, put_in: Callable[[Any], Any]) -> Iterator[None]:
    """Puts a fault into a part of the planner, for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effects, part, put_in(getattr(effects, part)))
        yield


def lets_the_candidate_in_everywhere(sound: Any) -> Any:
    def faulty(situation: Situation, state: Any, wave: Any) -> dict[str, RevisionLayout]:
        places: dict[str, RevisionLayout] = sound(situation, state, wave)
        if state.candidate is None:
            return places
        place = places[state.candidate]
        return {**places, state.candidate: replace(place, nodes=frozenset(situation.satellites))}

    return faulty


def lets_nobody_serve(_: Any) -> Any:
    return lambda *_, **__: frozenset()


def lets_everybody_serve(_: Any) -> Any:
    def faulty(pods: list[PodView], *_: Any, **__: Any) -> frozenset[str]:
        return frozenset(pod.uid for pod in pods)

    return faulty


def keeps_no_files(_: Any) -> Any:
    return lambda *_: {}


def found(fleet: PaperFleet) -> tuple[str, str] | None:
    return {c.type: (c.status, c.reason) for c in fleet.model().conditions}.get(TYPE)


def may_run(fleet: PaperFleet) -> set[str]:
    """Labels of the model's revisions that Nodes bear."""
    prefix = names.node_revision_label("default", "m", "")
    nodes = fleet.api.items(kinds.NODE)
    return {label for n in nodes for label in n["metadata"]["labels"] if label.startswith(prefix)}


def told(fleet: PaperFleet) -> list[str]:
    return [each.note for each in fleet.api.announced if each.reason == "InvariantBroken"]


def test_a_candidate_that_would_come_everywhere_comes_nowhere(fleet: PaperFleet) -> None:
    with fault("layout", lets_the_candidate_in_everywhere):
        fleet.ask("m", model_body(artifact_number=2, steps=STEPS))
        fleet.pass_time(60)
        status = fleet.model()
        assert found(fleet) == ("False", "WithinWave")
        assert may_run(fleet) == {names.node_revision_label("default", "m", revision(fleet, 1))}
        assert set(serving(fleet).values()) == {revision(fleet, 1)}
        assert status.phase is ModelPhase.WAITING
        assert "would break an invariant" in status.message
        assert len(told(fleet)) == 1
    fleet.pass_time(120)
    assert fleet.model().stable_revision == revision(fleet, 2)
    assert found(fleet) == ("True", "Hold")
    assert fleet.model().phase is ModelPhase.HEALTHY


@pytest.mark.parametrize(
    ("part", "put_in", "reason"),
    [
        ("active_pods", lets_nobody_serve, "SomethingServes"),
        ("kept_files", keeps_no_files, "WayBackKept"),
    ],
)
def test_where_no_plan_holds_nothing_is_touched(
    fleet: PaperFleet, part: str, put_in: Callable[[Any], Any], reason: str
) -> None:
    before = serving(fleet)
    with fault(part, put_in):
        fleet.ask("m", model_body(artifact_number=1, replicas=3))
        fleet.pass_time(60)
        assert found(fleet) == ("False", reason)
        assert fleet.model().message.startswith("Nothing of it is changed: what is planned would")
        assert serving(fleet) == before
        assert len(told(fleet)) == 1
        action = fleet.act(RolloutVerb.PAUSE)
        fleet.pass_time(10)
        assert not fleet.answer(action).message
    fleet.pass_time(60)
    assert fleet.answer(action).message
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert len(serving(fleet)) == 3
    assert found(fleet) == ("True", "Hold")


def test_what_is_not_verified_does_not_come_to_serve(fleet: PaperFleet) -> None:
    with fault("active_pods", lets_everybody_serve):
        (broken, _) = fleet.pods()
        node, uid = broken["spec"]["nodeName"], broken["metadata"]["uid"]
        fleet.satellites[node].broken.add(uid)
        fleet.pass_time(20)
        assert found(fleet) == ("False", "VerifiedServe")
    fleet.pass_time(5)
    assert node not in serving(fleet)


def test_nobody_else_is_held_and_a_restart_changes_nothing(fleet: PaperFleet) -> None:
    with fault("layout", lets_the_candidate_in_everywhere):
        fleet.ask("m", model_body(artifact_number=2, steps=STEPS))
        fleet.ask("apart", model_body(artifact_number=7, replicas=4))
        fleet.pass_time(20)
        fleet.restart()
        fleet.pass_time(60)
        assert found(fleet) == ("False", "WithinWave")
        assert fleet.model("apart").phase is ModelPhase.HEALTHY
        assert len(told(fleet)) == 1
    fleet.pass_time(120)
    assert fleet.model().stable_revision == revision(fleet, 2)
