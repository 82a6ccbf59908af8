from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import contact, model_spec
from paper_fleet.views import at, model_view
from perigee_api.base import Condition
from perigee_api.inference_model import (
    InferenceModelStatus,
    RolloutStatus,
    WaitingRevision,
    WaitReason,
)
from perigee_operator.domain.fleet import ActionView, ModelView
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.places import (
    FREE,
    Places,
    Turn,
    in_order,
    mends,
    takes_place,
)
from perigee_operator.domain.writes import Track

CLOSED = contact(200, 300)
BEGINS = ModelDecision(Track("m", ()), begins=True)
QUEUES = ModelDecision(Track("m", ()), queues=True)
NEITHER = ModelDecision(Track("m", ()))


def status(*, direct: bool = False, **more: Any) -> RolloutStatus:
    moments = {"started": at(0), "step_started": at(0)}
    return RolloutStatus(candidate="b", direct=direct, **moments, **more)


def under_way(
    name: str = "m",
    rollout: RolloutStatus | None = None,
    *,
    asked: dict[str, Any] | None = None,
    **more: Any,
) -> ModelView:
    given = {"stable_revision": "a", "rollout": rollout or status(), **more}
    spec = model_spec(**(asked or {}))
    return model_view(spec, name=name, status=InferenceModelStatus(**given))


def condition(type_: str, status: Any) -> Condition:
    return Condition(type=type_, status=status, reason="R", last_transition_time=at(0))


def waiting(name: str, since_s: float) -> ModelView:
    wait = WaitingRevision(revision="b", reason=WaitReason.PLACE, since=at(since_s))
    return model_view(name=name, status=InferenceModelStatus(waiting=wait))


ACTION = ActionView("a", "default", "uid", None, None, answered=False, created_at=at(0))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (under_way(), True),
        (under_way(rollout=status(direct=True), stable_revision=None), True),
        (model_view(), False),
        # The way back.
        (under_way(rollout=status(direct=True)), False),
        # What a person, another spec or a window leads on.
        (under_way(rollout=status(held=True)), False),
        (under_way(asked={"paused": True}), False),
        (under_way(rollout=status(idle=True)), False),
        (under_way(asked={"rollout": {"policy": "none"}}), False),
        (under_way(asked={"rollout": {"windows": [CLOSED]}}), False),
        (under_way(asked={"rollout": {"blackouts": [CLOSED]}}), True),
        # A window has just opened: what was held until now goes on.
        (under_way(rollout=status(withheld_since=at(-5))), True),
        (replace(under_way(rollout=status(idle=True)), actions=(ACTION,)), True),
        (
            under_way(
                waiting=WaitingRevision(revision="c", reason=WaitReason.PREDECESSOR, since=at(0))
            ),
            False,
        ),
        # Nothing of it moves.
        (under_way(conditions=[condition("InvariantsHold", "False")]), False),
        (under_way(conditions=[condition("InvariantsHold", "True")]), True),
        (replace(under_way(), deleting=True), False),
        (replace(under_way(), spec=None), False),
        (replace(under_way(), name_taken="Service m is somebody else's"), False),
    ],
)
def test_who_takes_a_place(model: ModelView, *, expected: bool) -> None:
    assert takes_place(model, at(0)) == expected


def test_places_are_given_in_turn_and_who_finds_none_is_told_how_many_come_before() -> None:
    places = Places([under_way("x"), model_view()], 3, at(0))
    found = []
    for decision in (BEGINS, NEITHER, BEGINS, QUEUES, NEITHER, QUEUES, QUEUES):
        found.append(places.turn)
        places.note(decision)
    assert found == [FREE, FREE, FREE, Turn(3, 0), Turn(3, 1), Turn(3, 1), Turn(3, 2)]
    assert found[4].message == (
        "the fleet's limit of rollouts under way, 3, is reached; of those that wait it is number 2"
    )


def test_without_a_limit_everybody_begins() -> None:
    places = Places([under_way(str(n)) for n in range(50)], 0, at(0))
    places.note(BEGINS)
    assert places.turn is FREE
    assert not FREE.message


def test_more_than_the_limit_may_be_under_way_and_then_nobody_begins() -> None:
    places = Places([under_way("x"), under_way("y")], 1, at(0))
    assert places.turn == Turn(1, 0)


def test_who_waits_longest_is_asked_first() -> None:
    models = [model_view(name="a"), waiting("b", 20), waiting("d", 10), waiting("c", 10)]
    assert [model.name for model in in_order(models)] == ["c", "d", "b", "a"]


@pytest.mark.parametrize(
    ("stable", "conditions", "expected"),
    [
        (None, {"Available": "False"}, False),
        ("a", {"Available": "False"}, True),
        ("a", {"Available": "True"}, False),
        ("a", {"Available": "True", "RolledBackOnBoard": "True"}, True),
        ("a", {"Available": "True", "RolledBackOnBoard": "False"}, False),
        ("a", {}, False),
    ],
)
def test_a_stable_revision_that_fails_is_mended_at_once(
    stable: str | None, conditions: dict[str, str], *, expected: bool
) -> None:
    found = [condition(*each) for each in conditions.items()]
    model = model_view(status=InferenceModelStatus(stable_revision=stable, conditions=found))
    assert mends(model) == expected
