"""What a memory spares; that the plan is the same for it, `PaperFleet` asserts at every look."""

from collections.abc import Callable
from unittest.mock import patch

import pytest

from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import model_body
from perigee_operator.domain import plan as planning
from perigee_operator.domain.memory import Last, Memory
from perigee_operator.domain.rollout.decision import decide

GROUPS = [{"group": "a"}] * 6 + [{"group": "b"}] * 2
EVERYWHERE = {"everySatellite": True}


def fleet() -> PaperFleet:
    """Eight satellites; models that have all they want, that are short, and that are everywhere."""
    found = fleet_of(8, labels=GROUPS)
    found.ask("one", model_body(replicas=1))
    found.ask("many", model_body(replicas=8, artifact_number=2))
    in_b = {**EVERYWHERE, "nodeSelector": {"group": "b"}}
    found.ask("everywhere", model_body(replicas=None, artifact_number=3, placement=EVERYWHERE))
    found.ask("in-b", model_body(replicas=None, artifact_number=4, placement=in_b))
    found.pass_time(120)
    return found


def decided_after(found: PaperFleet, happens: Callable[[], object]) -> set[str]:
    """Models that are decided anew in the look after something has happened."""
    memory = Memory()
    for _ in range(2):
        planning.plan(found.snapshot(), found.now, memory)
    happens()
    with patch.object(planning, "decide", wraps=decide) as spy:
        planning.plan(found.snapshot(), found.now, memory)
    return {call.args[0].name for call in spy.call_args_list}


def test_what_was_made_last_is_made_anew_only_from_other_grounds() -> None:
    last, made, grounds = Last[list[int]](), list[int](), ([1], [2])

    def make() -> list[int]:
        made.append(len(made))
        return made[-1:]

    first = last.of(grounds, make)
    assert last.of(list(grounds), make) is first
    for others in (grounds[:1], ([1], [2])):  # Fewer; equal, and yet others.
        assert last.of(others, make) is not first
    assert made == [0, 1, 2]


def test_a_heartbeat_is_no_reason_to_decide_anew() -> None:
    found = fleet()
    assert decided_after(found, found.live) == set()


@pytest.mark.parametrize(("group", "concerned"), [("a", set()), ("b", {"in-b"})])
def test_who_joins_concerns_models_that_want_more(group: str, concerned: set[str]) -> None:
    found = fleet()

    def one_joins() -> None:
        found.add_satellite("sat-9", labels={"group": group})
        found.pass_time(10)

    assert decided_after(found, one_joins) == {"many", "everywhere"} | concerned


@pytest.mark.parametrize(
    ("name", "concerned"), [("sat-1", {"one"}), ("sat-5", set()), ("sat-7", {"in-b"})]
)
def test_who_leaves_concerns_models_that_have_something_there(
    name: str, concerned: set[str]
) -> None:
    found = fleet()

    def one_leaves() -> None:
        found.amend_satellite(name, maintenance=True)
        found.pass_time(10)

    assert decided_after(found, one_leaves) == {"many", "everywhere"} | concerned


def test_a_plan_is_the_same_while_satellites_come_and_go() -> None:
    found = fleet()
    for name in ("sat-1", "sat-5", "sat-7"):
        found.amend_satellite(name, maintenance=True)
        found.pass_time(60)
    for name in ("sat-7", "sat-1"):
        found.amend_satellite(name, maintenance=False)
        found.pass_time(60)
    assert found.model("everywhere").replicas == 7
